"""Seeds of data workers and of views."""

import random
from typing import Any

import numpy as np
import torch
from mmengine.dataset import ClassBalancedDataset, RepeatDataset


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
    """Let all views of a dataset be drawn from a key and the index of the image.

    The key is set in all pipelines and wrapped datasets except below wrappers that repeat images, because repeated
    images would get equal views.

    Args:
        dataset: A dataset, maybe with a pipeline or around other datasets.
        key: (seed, epoch); None draws views from numpy's generator, like other transforms.
    """
    if isinstance(dataset, (RepeatDataset, ClassBalancedDataset)):
        return
    for part in (dataset, *_transforms(getattr(dataset, 'pipeline', None))):
        if hasattr(part, 'set_key'):
            part.set_key(key)
    wrapped = getattr(dataset, 'datasets', [getattr(dataset, 'dataset', None)])
    for inner in wrapped:
        if inner is not None:
            set_view_key(inner, key)


def _transforms(pipeline: Any) -> list[Any]:
    """Return the transforms of a pipeline, including nested ones."""
    inner = [each for each in getattr(pipeline, 'transforms', []) if not isinstance(each, (list, tuple))]
    return [*inner, *(below for each in inner for below in _transforms(each))]
