"""One line in the log on the images that a dataset has found."""

import logging
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from mmengine.logging import MMLogger, print_log

from .image_files import printable


def report_found(
    source: str,
    num_images: int,
    num_classes: int | None = None,
    labels: Iterable[int] | None = None,
    left_out: str = '',
    warning: str = '',
    indices: int | Sequence[int] | None = None,
) -> None:
    """Log the number of images and classes, and what was left out; the same line only once.

    Args:
        source: Class and folder or file of the dataset.
        num_images: Number of images.
        num_classes: Number of classes, if they have names.
        labels: Class of each image, if images have classes.
        left_out: What is there and was not read.
        warning: What is probably a mistake; the line becomes a warning.
        indices: Argument ``indices`` of the dataset, which takes some of the images.
    """
    text = f'{source}: {num_images:,} {"image" if num_images == 1 else "images"}'
    if labels is not None:
        text += _classes(set(labels), num_classes)
    if indices is not None:
        text += f', of which indices takes {min(_number(indices), num_images):,}'
        if isinstance(indices, int) and _number(indices) > num_images:
            warning = '; '.join(filter(None, [warning, f'indices={indices} is more than there are']))
    text += f'; left out: {left_out}' if left_out else ''
    text += f'; {warning}' if warning else ''
    _log_once(MMLogger.get_current_instance().instance_name, text, logging.WARNING if warning else logging.INFO)


def report_foreign(dataset: Any) -> None:
    """Log the number of images of a dataset of mmpretrain, which does not say it itself."""
    if type(dataset).__module__.startswith('mmpretrain.'):
        source = f'{type(dataset).__name__} {printable(str(getattr(dataset, "data_root", "")))}'.rstrip(' /')
        classes = dataset.metainfo.get('classes')
        numbers = None if classes is None else range(len(classes))
        report_found(source, len(dataset), None if classes is None else len(classes), numbers)


def _number(indices: int | Sequence[int]) -> int:
    return abs(indices) if isinstance(indices, int) else len(indices)


def _classes(used: set[int], number: int | None) -> str:
    number = max(used, default=-1) + 1 if number is None else number
    empty = number - len(used)
    text = f' in {number:,} {"class" if number == 1 else "classes"}'
    return text + (f', {empty:,} of them without an image' if empty else '')


@cache
def _log_once(logger: str, text: str, level: int) -> None:
    """Log a line; a new run, which has a logger of another name, says it again."""
    print_log(text, logger='current', level=level)
