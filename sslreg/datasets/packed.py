"""Datasets of one ``.npz`` file."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.datasets import BaseDataset

from sslreg.registry import DATASETS

from .array_files import check_offsets, read_arrays
from .found_data import report_found
from .image_files import printable
from .labels import check_labels


@DATASETS.register_module()
class PackedImages(BaseDataset):
    """Encoded images concatenated in one ``.npz``, which avoids many small files.

    The archive holds ``jpeg`` (uint8, the bytes of all images, JPEG or any format that :class:`LoadImage` decodes),
    ``offsets`` (``[N + 1]`` integers: image i is ``jpeg[offsets[i]:offsets[i+1]]``) and, unless ``with_label=False``,
    ``labels`` (``[N]`` integers from 0); ``classes`` (names) is optional.

    Args:
        ann_file: Path of the archive, relative to ``data_root``.
        with_label: Whether to read ``labels``.
        data_root: Folder of the archive.
        **kwargs: As in mmpretrain's BaseDataset.

    Raises:
        FileNotFoundError: The archive does not exist.
        ValueError: The archive lacks an array, the offsets do not match the bytes, or a label is out of range.
    """

    def __init__(self, ann_file: str, with_label: bool = True, data_root: str | None = None, **kwargs: Any) -> None:
        self.with_label = with_label
        super().__init__(ann_file=ann_file, data_root=_expanded(data_root), **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the bytes and label of each image."""
        name = printable(self.ann_file)
        labels = {'labels'} if self.with_label else set()
        arrays = read_arrays(Path(self.ann_file), {'jpeg', 'offsets'} | labels, ('classes',))
        data, offsets = arrays['jpeg'], check_offsets(arrays['offsets'], arrays['jpeg'], name)
        if 'classes' in arrays:
            self._name_classes(tuple(map(str, arrays['classes'].tolist())))
        items: list[dict[str, Any]] = [dict(img_bytes=data[begin:end].tobytes()) for begin, end in pairwise(offsets)]
        if self.with_label:
            if len(arrays['labels']) != len(items):
                raise ValueError(f'{name} has {len(items)} images and {len(arrays["labels"])} labels: pack it again')
            for item, label in zip(items, check_labels(arrays['labels'], f'{name}: labels', self.CLASSES), strict=True):
                item['gt_label'] = label
        _report(self, items)
        return items

    def _name_classes(self, packed: tuple[str, ...]) -> None:
        """Take the archive's names of classes, or check that those of ``metainfo`` name the same numbers."""
        given = tuple(self._metainfo.setdefault('classes', packed))
        if given != packed and (len(given) != len(packed) or set(given) & set(packed)):
            raise ValueError(
                f'{printable(self.ann_file)}: its {len(packed)} classes {", ".join(packed[:5])}, ... are not the '
                f'{len(given)} of metainfo, {", ".join(given[:5])}, ...: leave them out of metainfo'
            )

    def prepare_data(self, idx: int) -> Any:
        """Return an image after the pipeline."""
        return self.pipeline(dict(self.get_data_info(idx), packed_file=self.ann_file))  # LoadImage names it in errors


@DATASETS.register_module()
class NumpyImages(BaseDataset):
    """Images of one size as an array in one ``.npz``: uint8, ``[N, H, W]`` gray or ``[N, H, W, 3]`` RGB.

    Items have ``img``, ``[H, W, 3]`` BGR, so a pipeline needs no decoding. Give names of classes in ``metainfo``.

    Args:
        ann_file: Path of the archive, relative to ``data_root``.
        images: Name of the array of images.
        labels: Name of the array of classes, ``[N]`` integers from 0.
        **kwargs: As in mmpretrain's BaseDataset.

    Raises:
        FileNotFoundError: The archive does not exist.
        ValueError: The archive lacks an array, an array has another shape or type, or a label is out of range.
    """

    def __init__(self, ann_file: str, images: str, labels: str, data_root: str | None = None, **kwargs: Any) -> None:
        self.images, self.labels = images, labels
        super().__init__(ann_file=ann_file, data_root=_expanded(data_root), **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the pixels and label of each image."""
        name = printable(self.ann_file)
        arrays = read_arrays(Path(self.ann_file), {self.images, self.labels})
        images, labels = arrays[self.images], arrays[self.labels]
        gray, color = images.ndim == 3, images.ndim == 4 and images.shape[-1] == 3
        if images.dtype != np.uint8 or not (gray or color) or labels.shape != images.shape[:1] or not len(images):
            raise ValueError(
                f'{name}: {self.images} {images.dtype} {list(images.shape)} and {self.labels} '
                f'{list(labels.shape)} must be uint8 [N, H, W] or [N, H, W, 3], and [N]'
            )
        bgr = images[..., None].repeat(3, axis=-1) if gray else np.ascontiguousarray(images[..., ::-1])
        numbers = check_labels(labels, f'{name}: {self.labels}', self.CLASSES)
        items = [dict(img=image, gt_label=label) for image, label in zip(bgr, numbers, strict=True)]
        _report(self, items)
        return items


def _expanded(folder: str | None) -> str:
    """Return a folder with the user's home in place of ``~``."""
    return str(Path(folder).expanduser()) if folder else ''


def _report(dataset: Any, items: list[dict[str, Any]]) -> None:
    labels = [item['gt_label'] for item in items] if 'gt_label' in items[0] else None
    classes = None if dataset.CLASSES is None else len(dataset.CLASSES)
    source = f'{type(dataset).__name__} {printable(dataset.ann_file)}'
    report_found(source, len(items), classes, labels, indices=dataset._indices)
