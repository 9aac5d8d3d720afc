from collections.abc import Sequence
from typing import Any


def check_classes(bank: Any, queries: Any) -> None:
    """Both datasets must number the same classes alike, or accuracies mean nothing.

    Raises:
        ValueError: One has no labels, or their classes differ.
    """
    for dataset in (bank, queries):
        if 'gt_label' not in dataset.get_data_info(0):
            raise ValueError(f'{type(dataset).__name__} has no labels, which a probe needs: set with_label=True')
    of_bank, of_queries = (dataset.metainfo.get('classes') for dataset in (bank, queries))
    if of_bank != of_queries:
        raise ValueError(
            f'the bank has the classes {_short(of_bank)}, the images to classify {_short(of_queries)}: both need '
            'the same folders of classes'
        )


def _short(classes: Sequence[str] | None) -> str:
    return (
        'None' if classes is None else f'{", ".join(classes[:5])}{", ..." if len(classes) > 5 else ""} ({len(classes)})'
    )
