"""Order of the images of a training set: whether a split in their order would separate classes."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from mmpretrain.datasets.categories import CIFAR10_CATEGORIES, CIFAR100_CATEGORIES

CIFAR_CLASSES = (set(CIFAR10_CATEGORIES), set(CIFAR100_CATEGORIES))
FEW_CHANGES = 0.5  # share of the changes of class between neighbours that a random order has on average


def is_mixed_cifar(dataset: Any) -> bool:
    """Return whether a dataset is CIFAR-10 or CIFAR-100, not sorted by class, which the papers split in order."""
    classes = getattr(dataset, 'metainfo', {}).get('classes') or ()
    return set(classes) in CIFAR_CLASSES and not is_sorted_by_class(class_of_each(dataset) or [])


def class_of_each(dataset: Any) -> list[int] | None:
    """Return the class of each image; None if images have no classes."""
    labels = [dataset.get_data_info(i).get('gt_label') for i in range(len(dataset))]
    return None if None in labels else [int(label) for label in labels]


def is_sorted_by_class(labels: Sequence[int]) -> bool:
    """Return whether images of a class mostly follow each other.

    It counts how often the class changes from an image to the next. In a random order it does so for a share
    ``1 - sum(p ** 2)`` of them, where p is the share of each class; half as many changes are taken as sorted.
    """
    shares = [number / len(labels) for number in Counter(labels).values()]
    expected = (len(labels) - 1) * (1 - sum(share**2 for share in shares))
    changes = sum(a != b for a, b in pairwise(labels))
    return changes < FEW_CHANGES * expected


def check_order(dataset: Any) -> None:
    """Raise an error if a split in the order of the images would separate classes.

    Raises:
        ValueError: The images are sorted by class.
    """
    labels = class_of_each(dataset) or []
    if is_sorted_by_class(labels):
        raise ValueError(
            f'the {len(labels)} training images are sorted by class, so a split in their order puts candidates and '
            f'independent images into the last classes (image {len(labels) - 1} is of class {labels[-1]}): draw the '
            'split, by --split-seed 0'
        )
