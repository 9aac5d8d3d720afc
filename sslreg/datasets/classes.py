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
        ValueError: A dataset has no images or no labels, the classes differ, or there is a single class.
    """
    for dataset, use in ((bank, 'learn from'), (queries, 'classify')):
        if not len(dataset):
            raise ValueError(f'{type(dataset).__name__} has no images to {use}: check its folder and indices')
        if 'gt_label' not in dataset.get_data_info(0):
            raise ValueError(f'{type(dataset).__name__} has no labels, which a probe needs: set with_label=True')
    bank_classes, query_classes = (_names(dataset) for dataset in (bank, queries))
    if bank_classes != query_classes:
        raise ValueError(
            f'the bank has the classes {_short(bank_classes)}, the images to classify {_short(query_classes)}: '
            f'{_difference(bank_classes, query_classes)}'
        )
    if bank_classes is not None and len(bank_classes) == 1:
        raise ValueError(f'{bank_classes[0]} is the only class, so every accuracy would be 100 %: a probe needs two')


def _names(dataset: Any) -> tuple[str, ...] | None:
    classes = dataset.metainfo.get('classes')
    return None if classes is None else tuple(classes)


def _difference(bank: Sequence[str] | None, queries: Sequence[str] | None) -> str:
    """Return what differs between two lists of classes, and the remedy."""
    if bank is None or queries is None:
        return 'labels would be compared by number alone; give both the same names, metainfo=dict(classes=...)'
    if sorted(bank) == sorted(queries):
        return 'the same classes in another order; use one order'
    lacks = {'the bank': set(queries) - set(bank), 'the images to classify': set(bank) - set(queries)}
    texts = [f'{_short(sorted(names))} missing in {where}' for where, names in lacks.items() if names]
    return f'{", ".join(texts)}; both need the same folders of classes, some of which may be empty'


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


def check_all_classes(labels: Tensor, tested: Tensor) -> None:
    """Raise ValueError if training images lack a class of the images to classify, or all images are of one class.

    Args:
        labels: Classes of the training images, ``[N]``.
        tested: Classes of the images to classify, ``[M]``.
    """
    num_classes = int(max(labels.max(), tested.max())) + 1
    if num_classes < 2:
        raise ValueError(
            f'all {len(labels)} training images and all {len(tested)} to classify are of one class, so every accuracy '
            'would be 100 %: a probe needs two'
        )
    trained, asked = (each.bincount(minlength=num_classes) for each in (labels, tested))
    absent = ((trained == 0) & (asked > 0)).nonzero().flatten().tolist()
    if absent:
        raise ValueError(
            f'{len(absent)} of {num_classes} classes have none of the {len(labels)} training images, e.g. class '
            f'{absent[0]}: a probe cannot learn them'
        )


def _short(classes: Sequence[str] | None) -> str:
    if classes is None:
        return 'None'
    return f'{", ".join(classes[:5])}{", ..." if len(classes) > 5 else ""} ({len(classes)})'
