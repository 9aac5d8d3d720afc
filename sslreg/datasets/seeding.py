import random
from typing import Any

import numpy as np
import torch


def worker_init_fn(worker_id: int) -> None:
    """Seed a data worker's generators from the seed that torch gave it, which differs with epoch, worker and rank.

    MMEngine's function of this name seeds without the epoch, so that every epoch repeats the same augmentations.
    """
    seed = torch.initial_seed() % 2**32
    np.random.seed(seed)
    random.seed(seed)


def set_epoch(dataset: Any, seed: int, epoch: int) -> None:
    """Tell all that draws views from (seed, epoch, index): of a dataset, its pipeline and the datasets it wraps."""
    parts = [dataset, *getattr(getattr(dataset, 'pipeline', None), 'transforms', [])]
    for part in parts:
        if hasattr(part, 'set_epoch'):
            part.set_epoch(seed, epoch)
    wrapped = getattr(dataset, 'datasets', [getattr(dataset, 'dataset', None)])
    for inner in wrapped:
        if inner is not None:
            set_epoch(inner, seed, epoch)
