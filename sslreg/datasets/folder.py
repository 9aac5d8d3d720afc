"""Folders of images."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmpretrain.datasets import CustomDataset

from sslreg.registry import DATASETS

from .annotations import read_annotations
from .class_numbers import number_classes
from .found_data import report_found
from .image_files import FoundImages, class_folders, find_images, printable, readable_suffixes

PARTS_OF_DATA = {'train', 'training', 'val', 'valid', 'validation', 'test'}


@DATASETS.register_module()
class ImageFolder(CustomDataset):
    """Folder of images of any depth, or with ``with_label=True`` one folder per class (ImageNet's layout).

    Hidden files and folders are no images and no classes, links are followed, and the log says how many images and
    classes there are and what was left out.

    Args:
        data_root: Path of the folder.
        data_prefix: Folder below it, e.g. ``'train'``.
        with_label: Whether the names of folders are classes.
        extensions: Endings of the images' names, in lower case (default: of every format that is decoded here).
        **kwargs: As in mmpretrain's CustomDataset. ``metainfo=dict(classes=...)`` with the folders' names sets their
            numbers; other names are given to the folders in alphabetical order.

    Raises:
        FileNotFoundError: The folder does not exist.
        ValueError: The folder has no images, or none in folders of classes; or a list of images is invalid.
    """

    def __init__(
        self,
        data_root: str,
        data_prefix: str = '',
        with_label: bool = True,
        extensions: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        root = os.path.expanduser(data_root) or ('' if data_prefix else '.')
        folder = Path(root, os.path.expanduser(data_prefix))
        if not folder.is_dir():
            raise FileNotFoundError(_missing(folder, Path(root)))
        self.extensions_of_all = extensions is None
        super().__init__(
            data_root=root,
            data_prefix=data_prefix,
            with_label=with_label,
            extensions=readable_suffixes() if extensions is None else extensions,
            **kwargs,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the path and, with labels, the class of each image."""
        if self.ann_file:
            samples = read_annotations(self.ann_file, self.img_prefix, self.with_label)
            self._report([label for _, label in samples], FoundImages())
        else:
            samples = self._of_classes() if self.with_label else self._of_any_depth()
        paths = (os.path.join(self.img_prefix, path) for path, _ in samples)
        if not self.with_label:
            return [dict(img_path=path) for path in paths]
        return [dict(img_path=path, gt_label=label) for path, (_, label) in zip(paths, samples, strict=True)]

    def _of_any_depth(self) -> list[tuple[str, int | None]]:
        found = find_images(self.img_prefix, self.is_valid_file)
        if not found.files:
            raise ValueError(self._nothing(found))
        self._report([None] * len(found.files), found)
        return [(file, None) for file in found.files]

    def _of_classes(self) -> list[tuple[str, int | None]]:
        folders = class_folders(self.img_prefix)
        self.folder_to_idx = number_classes(folders, self.CLASSES, self._shown_folder())
        if self.CLASSES is None:
            self._metainfo['classes'] = tuple(map(printable, folders))
        outside = find_images(self.img_prefix, self.is_valid_file, deep=False)
        found, empty = FoundImages(left_out=outside.left_out), []
        samples: list[tuple[str, int | None]] = []
        for name in folders:
            of_class = find_images(os.path.join(self.img_prefix, name), self.is_valid_file)
            samples += [(f'{name}/{file}', self.folder_to_idx[name]) for file in of_class.files]
            found.left_out += of_class.left_out
            empty += [printable(name)] * (not of_class.files)
        if not samples:
            raise ValueError(self._nothing(found, len(outside.files)))
        self._report([label for _, label in samples], found, _warn(folders, empty, len(outside.files)))
        return samples

    def _report(self, labels: list[int | None], found: FoundImages, warning: str = '') -> None:
        numbers = [label for label in labels if label is not None] if self.with_label else None
        source = f'{type(self).__name__} {printable(self.ann_file) or self._shown_folder()}'
        classes = None if self.CLASSES is None else len(self.CLASSES)
        report_found(source, len(labels), classes, numbers, found.describe_left_out(), warning, self._indices)

    def _shown_folder(self) -> str:
        return printable(self.img_prefix).rstrip('/') or '/'

    def _nothing(self, found: FoundImages, outside: int = 0) -> str:
        """Return the message for a folder without images."""
        where = 'folders of classes in ' if self.with_label else ''
        kinds = '.jpg, .png or other image' if self.extensions_of_all else ', '.join(sorted(self.extensions))
        text = f'no images in {where}{self._shown_folder()!r}; it should hold {kinds} files'
        if outside:
            text += f'; {outside:,} images lie directly in it: make a folder for each class, or set with_label=False'
        return text + (f'; left out: {found.describe_left_out()}' if found.left_out else '')


def _warn(folders: list[str], empty: list[str], outside: int) -> str:
    """Return what is probably a mistake in a folder of classes."""
    found = []
    if outside:
        found.append(f'{outside:,} images directly in the folder belong to no class and are left out')
    if empty:
        found.append(f'no image in the folders {", ".join(empty[:5])}{", ..." if len(empty) > 5 else ""}')
    if len(folders) > 1 and {name.lower() for name in folders} <= PARTS_OF_DATA:
        found.append(f'{", ".join(folders)} are taken as classes: set data_prefix if they are parts of the data')
    return '; '.join(found)


def _missing(folder: Path, root: Path) -> str:
    """Return the message for a folder that does not exist below the root of its dataset."""
    if folder.exists():
        return (
            f'{printable(str(folder))!r} is a file, not a folder of images: unpack an archive, or use PackedImages for '
            'an .npz'
        )
    name = printable(str(folder))
    if root.is_dir():
        return (
            f'image folder {name!r} does not exist: the config reads train/CLASS/ and val/CLASS/ in '
            f'{printable(str(root))!r}; to train without labels and without evaluation, give --data-root a folder '
            'without train/'
        )
    return (
        f'image folder {name!r} does not exist (from {Path.cwd()}): give an existing folder by --data-root, or '
        'link your data there'
    )
