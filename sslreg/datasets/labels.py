"""Checks of labels that a file gives: integers from 0."""

from collections.abc import Sequence

import numpy as np

MAX_LABEL = 2**24  # counts of classes are arrays of this length


def check_labels(labels: np.ndarray, source: str, classes: Sequence[str] | None = None) -> list[int]:
    """Return labels as a list of integers.

    Args:
        labels: ``[N]`` labels of a file.
        source: File, and name of the array, for messages.
        classes: Names of the classes, if there are any.

    Raises:
        ValueError: The labels are no integers from 0, or above the number of classes; the message names the first.
    """
    if labels.ndim != 1:
        raise ValueError(f'{source} has the shape {list(labels.shape)}: it must be [N], one integer per image')
    if labels.dtype.kind not in 'iub':
        example = f' such as {labels.tolist()[0]!r}' if len(labels) else ''
        remedy = 'labels.astype(int)' if labels.dtype.kind == 'f' else 'np.unique(labels, return_inverse=True)'
        raise ValueError(f'{source} holds {labels.dtype}{example}: labels must be integers from 0, see {remedy}')
    limit = MAX_LABEL if classes is None else len(classes)
    wrong = np.flatnonzero((labels < 0) | (labels >= limit))
    if len(wrong):
        raise ValueError(_out_of_range(source, int(wrong[0]), int(labels[wrong[0]]), len(wrong), limit))
    found: list[int] = labels.astype(int).tolist()
    return found


def _out_of_range(source: str, image: int, label: int, number: int, limit: int) -> str:
    text = f'{source}: image {image} has the label {label}'
    text += f', and {number - 1:,} more are out of range' if number > 1 else ''
    remedy = 'leave out unlabelled images, or set with_label=False' if label < 0 else 'labels are numbers of classes'
    return f'{text}: labels must be from 0 to {limit - 1}; {remedy}'
