"""Datasets of transfer benchmarks that mmpretrain does not have."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.datasets import BaseDataset

from sslreg.registry import DATASETS

from .found_data import report_found
from .image_files import is_hidden
from .labels import check_labels

GTSRB_NUMBERS = tuple(map(str, range(43)))
TRANSFER_SPLITS = ('train', 'test')
STL10_SHAPE = (3, 96, 96)  # channels, columns, rows


class SplitDataset(BaseDataset):
    """Base of datasets with an official training and test split.

    Args:
        data_root: Path of the folder.
        split: ``'train'`` or ``'test'``.
        **kwargs: As in mmpretrain's BaseDataset.

    Raises:
        FileNotFoundError: A file of the split does not exist.
    """

    def __init__(self, data_root: str, split: str, **kwargs: Any) -> None:
        if split not in TRANSFER_SPLITS:
            raise ValueError(f'split={split!r} of {type(self).__name__} must be one of {TRANSFER_SPLITS}')
        self.split = split
        super().__init__(ann_file='', data_root=str(Path(data_root).expanduser()), **kwargs)


@DATASETS.register_module()
class GTSRB(SplitDataset):
    """Images of 43 traffic signs (Stallkamp et al. 2012), in the layout of torchvision's ``GTSRB``.

    There are 26,640 training images ``GTSRB/Training/CLASS/*.ppm`` (not the larger archive of 39,209), and 12,630 test
    images ``GTSRB/Final_Test/Images/*.ppm`` with classes in ``GT-final_test.csv``.
    """

    METAINFO = dict(classes=tuple(f'{i:05d}' for i in range(43)))

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the path and label of each image."""
        root = Path(self.data_root)
        if self.split == 'train':
            found = [file for file in root.glob('GTSRB/Training/*/*.ppm') if not _hidden_below(file, root)]
            if not found:
                raise FileNotFoundError(f'there are no files {root}/GTSRB/Training/CLASS/*.ppm')
            named = [(str(file), file.parent.name) for file in sorted(found)]
            return self._labelled(named, root / 'GTSRB/Training')
        list_file, folder = root / 'GT-final_test.csv', root / 'GTSRB/Final_Test/Images'
        with list_file.open(newline='') as table:
            rows = list(csv.DictReader(table, delimiter=';'))
        if not rows or {'Filename', 'ClassId'} - set(rows[0]):
            raise ValueError(f'{list_file} must have the columns Filename and ClassId, with ; between them')
        return self._labelled([(str(folder / row['Filename']), row['ClassId']) for row in rows], list_file)

    def _labelled(self, named: list[tuple[str, str]], source: Path) -> list[dict[str, Any]]:
        """Return an item for each path and class, a number as text."""
        wrong = next((each for each in named if each[1] not in self.CLASSES and each[1] not in GTSRB_NUMBERS), None)
        if wrong is not None:
            raise ValueError(f'{source}: {wrong[0]!r} has the class {wrong[1]!r}, which must be from 0 to 42')
        report_found(f'{type(self).__name__} {source}', len(named), 43, [int(label) for _, label in named])
        return [dict(img_path=path, gt_label=int(label)) for path, label in named]


@DATASETS.register_module()
class STL10(SplitDataset):
    """Labelled images of STL-10 (Coates et al. 2011), from ``{train,test}_{X,y}.bin``.

    There are 5,000 training and 8,000 test images of 96 px; the unlabelled images are not needed. Items have ``img``,
    BGR.

    Raises:
        ValueError: A file has another length, or a label is out of range; the message names it.
    """

    METAINFO = dict(
        classes=('airplane', 'bird', 'car', 'cat', 'deer', 'dog', 'horse', 'monkey', 'ship', 'truck'),
    )

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the pixels and label of each image."""
        pixels, labels = (np.fromfile(Path(self.data_root, f'{self.split}_{part}.bin'), np.uint8) for part in 'Xy')
        if len(pixels) != len(labels) * np.prod(STL10_SHAPE):
            raise ValueError(
                f'{self.data_root}/{self.split}_X.bin has {len(pixels)} bytes, not 3 x 96 x 96 for each of the '
                f'{len(labels)} labels in {self.split}_y.bin: unpack the archive again'
            )
        images = pixels.reshape(-1, *STL10_SHAPE).transpose(0, 3, 2, 1)[..., ::-1]
        name = f'{self.data_root}/{self.split}_y.bin'
        numbers = check_labels(labels.astype(int) - 1, f'{name}, less 1', self.CLASSES)
        report_found(f'{type(self).__name__} {name}', len(numbers), len(self.CLASSES), numbers)
        return [
            dict(img=np.ascontiguousarray(image), gt_label=label) for image, label in zip(images, numbers, strict=True)
        ]


def _hidden_below(file: Path, root: Path) -> bool:
    return any(map(is_hidden, file.relative_to(root).parts))
