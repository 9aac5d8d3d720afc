"""Checks of segmentation masks before training."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from mmengine.registry import TRANSFORMS
from PIL import Image

from sslreg.registry import type_name


def check_masks(dataset: Any, cfg: Any, samples: Iterable[Any], classes: tuple[str, ...], loader: str) -> None:
    """Raise ValueError if masks do not hold one class per pixel of their image, in the range of the classes.

    Args:
        dataset: Segmentation dataset.
        cfg: Config of the dataset.
        samples: Samples of its ``data_list`` to open.
        classes: Classes of the dataset.
        loader: Name of the loader, for the messages.
    """
    loading = [each for each in cfg.get('pipeline', []) if type_name(each.get('type')) == 'LoadAnnotations']
    if not loading:
        return
    load = TRANSFORMS.build(loading[0])
    found: set[int] = set()
    for sample in samples:
        _check_form(sample, loader)
        values = np.unique(_read(load, sample, loader))
        _check_values(values, sample, len(classes), dataset.ignore_index, loader)
        found |= set(values.tolist())
    if len(classes) > 1 and found == {0, dataset.ignore_index}:
        raise ValueError(
            f'{loader}: the masks have only the class 0 ({classes[0]}) and the value {dataset.ignore_index}, which is '
            f'ignored: write 1 to {len(classes) - 1} for the other classes'
        )


def _read(load: Any, sample: Any, loader: str) -> Any:
    """Return the classes in a mask, as the pipeline loads them."""
    try:
        return load(dict(sample, seg_fields=[]))['gt_seg_map']
    except Exception as error:
        raise ValueError(f'{loader}: the mask {sample["seg_map_path"]} cannot be read: {error}') from error


def image_size(path: str, loader: str) -> tuple[int, int]:
    """Return the width and height of an image, reading its header only.

    Raises:
        ValueError: The file is no image; the message names the loader and the file.
    """
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, ValueError, SyntaxError) as error:
        raise ValueError(f'{loader}: {path} cannot be read as an image: {error}') from error


def _check_form(sample: Any, loader: str) -> None:
    """Raise ValueError unless a mask has one channel of 8 bits and the size of its image."""
    size = image_size(sample['img_path'], loader)
    image_size(sample['seg_map_path'], loader)
    with Image.open(sample['seg_map_path']) as mask:
        if mask.mode not in ('L', 'P', '1') and not _fits_8_bits(mask):
            raise ValueError(
                f'{loader}: the mask {sample["seg_map_path"]} is of the mode {mask.mode!r}; a mask has one channel, '
                'with the number of the class (0, 1, ...) as the value of each pixel: convert colours to such numbers'
            )
        if mask.size != size:
            raise ValueError(
                f'{loader}: the mask {sample["seg_map_path"]} has {mask.size[0]} x {mask.size[1]} px, its image '
                f'{size[0]} x {size[1]}: make them equal'
            )


def _fits_8_bits(mask: Image.Image) -> bool:
    return mask.mode.startswith('I') and int(np.asarray(mask).max()) < 256


def _check_values(values: Any, sample: Any, num_classes: int, ignored: int, loader: str) -> None:
    """Raise ValueError if a value is neither the number of a class nor the ignored value."""
    unknown = [int(value) for value in values if value >= num_classes and value != ignored]
    if unknown:
        raise ValueError(
            f'{loader}: the mask {sample["seg_map_path"]} has the value {unknown[0]}, but there are {num_classes} '
            f'classes, 0 to {num_classes - 1}: name more classes in metainfo and num_classes, or write {ignored} '
            '(ignored) for pixels without a class'
        )
