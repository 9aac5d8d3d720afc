"""Models and features in a run of several processes."""

from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import get_rank, get_world_size
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

SHARE_OF_DEVICE = 0.5  # share of a GPU's free memory that features may take


def own_rows(length: int) -> slice:
    """Return the rows of this rank: ``length`` rows divided in the order of the ranks, sizes differing by one."""
    rank, size = get_rank(), get_world_size()
    return slice(rank * length // size, (rank + 1) * length // size)


def move_to_device(feats: Tensor) -> Tensor:
    """Move features to the device, unless they would take more than half of its free memory.

    The caller moves chunks by ``.to(get_device())`` in either case.
    """
    device = get_device()
    if device == 'cuda' and not feats.is_cuda:
        free, _ = torch.cuda.mem_get_info()
        if feats.numel() * feats.element_size() > SHARE_OF_DEVICE * free:
            return feats
    return feats.to(device)


def unwrap(model: nn.Module) -> Any:
    """Return the model inside a distributed wrapper, or the model itself."""
    return model.module if is_model_wrapper(model) else model
