"""Check that two datasets have the same classes."""

from collections.abc import Sequence
from typing import Any


def check_classes(bank: Any, queries: Any) -> None:
    """Raise an error unless both datasets have labels with the same numbering of classes.

    Args:
        bank: Dataset of the labelled features.
        queries: Dataset of the images to classify.

    Raises:
        ValueError: A dataset has no labels, the classes differ, or there is a single class.
    """
    for dataset in (bank, queries):
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


def _short(classes: Sequence[str] | None) -> str:
    if classes is None:
        return 'None'
    return f'{", ".join(classes[:5])}{", ..." if len(classes) > 5 else ""} ({len(classes)})'
