"""Check that two datasets have the same classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor


def check_classes(bank: Any, queries: Any) -> None:
    """Raise an error unless both datasets have labels with the same numbering of classes.

    Args:
        bank: Dataset of the labelled features.
        queries: Dataset of the images to classify.

    Raises:
        ValueError: A dataset has no images or no labels, or the classes differ.
    """
    for dataset, use in ((bank, 'learn from'), (queries, 'classify')):
        if not len(dataset):
            raise ValueError(f'{type(dataset).__name__} has no images to {use}: check its folder and indices')
        if 'gt_label' not in dataset.get_data_info(0):
            raise ValueError(f'{type(dataset).__name__} has no labels, which a probe needs: set with_label=True')
    bank_classes, query_classes = (dataset.metainfo.get('classes') for dataset in (bank, queries))
    if bank_classes != query_classes:
        raise ValueError(
            f'the bank has the classes {_short(bank_classes)}, the images to classify {_short(query_classes)}: both '
            'need the same folders of classes'
        )


def class_labels(dataset: Any) -> Tensor:
    """Return the classes ``[N]`` of a dataset's images.

    Raises:
        ValueError: A label is no integer from 0 on.
    """
    labels = np.asarray(dataset.get_gt_labels())
    if labels.dtype.kind not in 'iu' or (labels < 0).any():
        wrong = labels[labels < 0][0] if labels.dtype.kind in 'iu' else labels.reshape(-1)[0]
        raise ValueError(f'{type(dataset).__name__} has the label {wrong!r}: labels must be integers from 0 on')
    return torch.from_numpy(labels.astype(np.int64))


def check_all_classes(labels: Tensor, num_classes: int) -> None:
    """Raise ValueError if a class has none of the training images with ``labels [N]``, or there is only one class."""
    if num_classes < 2:
        raise ValueError(
            f'all {len(labels)} training images and the images to classify are of one class, so every prediction would '
            'be right: an accuracy needs images of several classes, e.g. in a folder each'
        )
    absent = (labels.bincount(minlength=num_classes) == 0).nonzero().flatten().tolist()
    if absent:
        raise ValueError(
            f'{len(absent)} of {num_classes} classes have none of the {len(labels)} training images, e.g. class '
            f'{absent[0]}: a probe cannot learn them'
        )


def _short(classes: Sequence[str] | None) -> str:
    if classes is None:
        return 'None'
    return f'{", ".join(classes[:5])}{", ..." if len(classes) > 5 else ""} ({len(classes)})'
