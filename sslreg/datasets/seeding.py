import random

import numpy as np
import torch


def worker_init_fn(worker_id: int) -> None:
    """Seed a data worker's generators from the seed that torch gave it, which differs with epoch, worker and rank.

    MMEngine's function of this name seeds without the epoch, so that every epoch repeats the same augmentations.
    """
    seed = torch.initial_seed() % 2**32
    np.random.seed(seed)
    random.seed(seed)
