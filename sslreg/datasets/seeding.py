"""Seeds of data workers and of views."""

import random
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from mmengine.dataset import ClassBalancedDataset, RepeatDataset

from .repeats import counts_repeats

REPEATING = (RepeatDataset, ClassBalancedDataset)


def worker_init_fn(worker_id: int) -> None:
    """Seed a data worker's generators by torch's seed, which differs between epochs, workers and ranks.

    MMEngine's function of this name ignores the epoch, so every epoch would repeat the same augmentations.

    Args:
        worker_id: Number of the worker, unused.
    """
    seed = torch.initial_seed() % 2**32
    np.random.seed(seed)
    random.seed(seed)


def set_view_key(dataset: Any, key: tuple[int, int] | None) -> None:
    """Let all views of a dataset be drawn from a key, the index of the image and how often the image has come before.

    The key is set in all pipelines and wrapped datasets. Datasets that are concatenated draw from keys of their own.
    Wrappers that repeat images (``RepeatDataset``, ``ClassBalancedDataset``) are left out unless the loader counts
    repeated images (:func:`count_repeats`), because all views of an image would be equal.

    Args:
        dataset: A dataset, maybe with a pipeline or around other datasets.
        key: (seed, epoch); None draws views from numpy's generator, like other transforms.
    """
    _KeySetter(key, counts_repeats(dataset)).visit(dataset, 0)


class _KeySetter:
    """One pass over the datasets inside each other, which numbers those that are concatenated."""

    def __init__(self, key: tuple[int, int] | None, counted: bool) -> None:
        self.key = key
        self.counted = counted
        self.number_of: dict[int, int] = {}  # of each dataset or transform with a key, by its id

    def visit(self, dataset: Any, number: int) -> int:
        """Set the keys in a dataset and return the largest number that has been used."""
        if id(dataset) in self.number_of or (not self.counted and isinstance(dataset, REPEATING)):
            return number - 1  # a dataset that is concatenated with itself
        self._set(dataset, number)
        if isinstance(getattr(dataset, 'datasets', None), (list, tuple)):
            for inner in dataset.datasets:
                number = self.visit(inner, number) + 1
            return number - 1
        inner = getattr(dataset, 'dataset', None)
        return number if inner is None else self.visit(inner, number)

    def _set(self, dataset: Any, number: int) -> None:
        pipeline = getattr(dataset, 'pipeline', None)
        if any(self.number_of.get(id(each), number) != number for each in _transforms(pipeline)):
            dataset.pipeline = pipeline = deepcopy(pipeline)  # it shares a transform with another dataset
        for part in (dataset, *_transforms(pipeline)):
            self.number_of[id(part)] = number
            if hasattr(part, 'set_key'):
                part.set_key(self.key if self.key is None or not number else (*self.key, number))


def _transforms(pipeline: Any) -> list[Any]:
    """Return the transforms of a pipeline, including nested ones."""
    inner = [each for each in getattr(pipeline, 'transforms', []) if not isinstance(each, (list, tuple))]
    return [*inner, *(below for each in inner for below in _transforms(each))]
