"""Models and features across the processes of a run."""

from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import get_rank, get_world_size
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

SHARE_OF_DEVICE = 0.5  # of a GPU's free memory that features may take


def own_rows(length: int) -> slice:
    """Rows of this rank: as many as others' or one more, in the order of the ranks."""
    rank, size = get_rank(), get_world_size()
    return slice(rank * length // size, (rank + 1) * length // size)


def moved_if_it_fits(feats: Tensor) -> Tensor:
    """Return features on the device, or where they are if they would take more than half of its free memory.

    Callers move chunks of them by ``.to(get_device())`` in either case.
    """
    device = get_device()
    if device == 'cuda' and not feats.is_cuda:
        free, _ = torch.cuda.mem_get_info()
        if feats.numel() * feats.element_size() > SHARE_OF_DEVICE * free:
            return feats
    return feats.to(device)


def unwrap(model: nn.Module) -> Any:
    """A runner's model itself, on any number of processes."""
    return model.module if is_model_wrapper(model) else model
