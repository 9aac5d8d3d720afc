"""One line in the log on the images that a dataset has found."""

import logging
from collections.abc import Iterable
from functools import cache

from mmengine.logging import MMLogger, print_log


def report_found(
    source: str,
    num_images: int,
    num_classes: int | None = None,
    labels: Iterable[int] | None = None,
    left_out: str = '',
    warning: str = '',
) -> None:
    """Log the number of images and classes, and what was left out; the same line only once.

    Args:
        source: Class and folder or file of the dataset.
        num_images: Number of images.
        num_classes: Number of classes, if they have names.
        labels: Class of each image, if images have classes.
        left_out: What is there and was not read.
        warning: What is probably a mistake; the line becomes a warning.
    """
    text = f'{source}: {num_images:,} {"image" if num_images == 1 else "images"}'
    if labels is not None:
        text += _classes(set(labels), num_classes)
    text += f'; left out: {left_out}' if left_out else ''
    text += f'; {warning}' if warning else ''
    _log_once(MMLogger.get_current_instance().instance_name, text, logging.WARNING if warning else logging.INFO)


def _classes(used: set[int], number: int | None) -> str:
    number = max(used, default=-1) + 1 if number is None else number
    empty = number - len(used)
    text = f' in {number:,} {"class" if number == 1 else "classes"}'
    return text + (f', {empty:,} of them without an image' if empty else '')


@cache
def _log_once(logger: str, text: str, level: int) -> None:
    """Log a line; a new run, which has a logger of another name, says it again."""
    print_log(text, logger='current', level=level)
