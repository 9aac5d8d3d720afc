import random
from typing import Any

import numpy as np
import torch
from mmengine.dataset import ClassBalancedDataset, RepeatDataset


def worker_init_fn(worker_id: int) -> None:
    """Seed a data worker's generators from the seed that torch gave it, which differs with epoch, worker and rank.

    MMEngine's function of this name seeds without the epoch, so that every epoch repeats the same augmentations.
    """
    seed = torch.initial_seed() % 2**32
    np.random.seed(seed)
    random.seed(seed)


def set_view_key(dataset: Any, key: tuple[int, int] | None) -> None:
    """Have all views of a dataset drawn from a key (seed, epoch) and the index; or anew, as other transforms, by None.

    Reaches into pipelines and wrapped datasets, but for wrappers that repeat images: these would get the same views.
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
    """Of a pipeline, also those within others."""
    inner = [each for each in getattr(pipeline, 'transforms', []) if not isinstance(each, (list, tuple))]
    return [*inner, *(below for each in inner for below in _transforms(each))]
