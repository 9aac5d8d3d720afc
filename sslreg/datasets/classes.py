"""Check that two datasets have the same classes."""

from collections.abc import Sequence
from typing import Any


def check_classes(bank: Any, queries: Any) -> None:
    """Raise an error unless both datasets have labels with the same numbering of classes.

    Args:
        bank: Dataset of the labelled features.
        queries: Dataset of the images to classify.

    Raises:
        ValueError: A dataset has no labels, or the classes differ.
    """
    for dataset in (bank, queries):
        if 'gt_label' not in dataset.get_data_info(0):
            raise ValueError(f'{type(dataset).__name__} has no labels, which a probe needs: set with_label=True')
    bank_classes, query_classes = (dataset.metainfo.get('classes') for dataset in (bank, queries))
    if bank_classes != query_classes:
        raise ValueError(
            f'the bank has the classes {_short(bank_classes)}, the images to classify {_short(query_classes)}: both '
            'need the same folders of classes'
        )


def _short(classes: Sequence[str] | None) -> str:
    if classes is None:
        return 'None'
    return f'{", ".join(classes[:5])}{", ..." if len(classes) > 5 else ""} ({len(classes)})'
