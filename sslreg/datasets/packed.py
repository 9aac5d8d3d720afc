"""Datasets of one ``.npz`` file."""

import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from mmpretrain.datasets import BaseDataset

from sslreg.registry import DATASETS


@DATASETS.register_module()
class PackedImages(BaseDataset):
    """Encoded images concatenated in one ``.npz``, which avoids many small files.

    The archive holds ``jpeg`` (uint8, the bytes of all images, JPEG or any format that OpenCV decodes), ``offsets``
    (``[N + 1]``: image i is ``jpeg[offsets[i]:offsets[i+1]]``) and, unless ``with_label=False``, ``labels``
    (``[N]`` integers); ``classes`` (names) is optional. :class:`LoadImage` decodes the images.

    Args:
        ann_file: Path of the archive, relative to ``data_root``.
        with_label: Whether to read ``labels``.
        **kwargs: As in mmpretrain's BaseDataset.

    Raises:
        FileNotFoundError: The archive does not exist.
        ValueError: The archive lacks an array, or the offsets do not match the bytes.
    """

    def __init__(self, ann_file: str, with_label: bool = True, **kwargs: Any) -> None:
        self.with_label = with_label
        super().__init__(ann_file=ann_file, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the bytes and label of each image."""
        labels = {'labels'} if self.with_label else set()
        arrays = _read(Path(self.ann_file), {'jpeg', 'offsets'} | labels, ('classes',))
        data, offsets = arrays['jpeg'], arrays['offsets'].tolist()
        if offsets[0] != 0 or offsets[-1] != len(data):
            raise ValueError(
                f'{self.ann_file}: offsets run from {offsets[0]} to {offsets[-1]}, but there are '
                f'{len(data)} bytes: the archive is damaged'
            )
        if 'classes' in arrays:
            self._metainfo.setdefault('classes', tuple(map(str, arrays['classes'])))
        items = [dict(img_bytes=data[begin:end].tobytes()) for begin, end in pairwise(offsets)]
        if self.with_label:
            if len(arrays['labels']) != len(items):
                raise ValueError(
                    f'{self.ann_file} has {len(items)} images and {len(arrays["labels"])} labels: pack it again'
                )
            for item, label in zip(items, arrays['labels'].tolist(), strict=True):
                item['gt_label'] = label
        return items


@DATASETS.register_module()
class NumpyImages(BaseDataset):
    """Images of one size as an array in one ``.npz``: uint8, ``[N, H, W]`` gray or ``[N, H, W, 3]`` RGB.

    Items have ``img``, ``[H, W, 3]`` BGR, so a pipeline needs no decoding. Give names of classes in ``metainfo``.

    Args:
        ann_file: Path of the archive, relative to ``data_root``.
        images: Name of the array of images.
        labels: Name of the array of classes, ``[N]`` integers.
        **kwargs: As in mmpretrain's BaseDataset.

    Raises:
        FileNotFoundError: The archive does not exist.
        ValueError: The archive lacks an array, or an array has another shape or type.
    """

    def __init__(self, ann_file: str, images: str, labels: str, **kwargs: Any) -> None:
        self.images, self.labels = images, labels
        super().__init__(ann_file=ann_file, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the pixels and label of each image."""
        arrays = _read(Path(self.ann_file), {self.images, self.labels})
        images, labels = arrays[self.images], arrays[self.labels]
        gray, color = images.ndim == 3, images.ndim == 4 and images.shape[-1] == 3
        if images.dtype != np.uint8 or not (gray or color) or labels.shape != images.shape[:1]:
            raise ValueError(
                f'{self.ann_file}: {self.images} {images.dtype} {list(images.shape)} and {self.labels} '
                f'{list(labels.shape)} must be uint8 [N, H, W] or [N, H, W, 3], and [N]'
            )
        bgr = images[..., None].repeat(3, axis=-1) if gray else np.ascontiguousarray(images[..., ::-1])
        return [dict(img=image, gt_label=label) for image, label in zip(bgr, labels.tolist(), strict=True)]


def _read(path: Path, needed: set[str], optional: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Return the needed arrays, and the optional ones that exist."""
    if not path.is_file():
        raise FileNotFoundError(
            f'packed images {str(path)!r} do not exist (from {Path.cwd()}): give their folder '
            'by --data-root, or link your data there'
        )
    try:
        with np.load(path) as archive:
            names = archive.files
            arrays = {name: archive[name] for name in names if name in needed or name in optional}
    except (BadZipFile, ValueError, EOFError, TypeError, zlib.error) as error:
        raise ValueError(f'{str(path)!r} is no readable .npz archive: {error}') from error
    if missing := needed - set(arrays):
        raise ValueError(f'{str(path)!r} lacks {sorted(missing)}; it holds {sorted(names)}')
    return arrays
