"""Models and features in a run of several processes."""

from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import all_gather, get_rank, get_world_size
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


def gathered(*values: Tensor) -> list[Tensor]:
    """Concatenate each value of a batch ``[B, ...]`` over all ranks, rank by rank.

    Args:
        *values: Values of this rank's batch, all of one length.

    Raises:
        ValueError: On the CPU, the batches differ in size; on a GPU the comparison would wait for the device.
    """
    if not values[0].is_cuda:
        check_equal_batches(len(values[0]))
    return [torch.cat(all_gather(value.contiguous())) for value in values]


def check_equal_batches(size: int) -> None:
    """Raise ValueError on every rank unless the batches of all ranks have the same size. Collective.

    Gathering batches of different size ends gloo's processes, and NCCL hangs or reads beyond them.

    Args:
        size: Number of images in the batch of this rank.
    """
    sizes = [int(each) for each in all_gather(torch.tensor(size))] if get_world_size() > 1 else [size]
    if len(set(sizes)) > 1:
        raise ValueError(
            f'the ranks have batches of {", ".join(map(str, sizes))} images, but must have equal ones: set '
            'train_dataloader.drop_last=True, or train_dataloader.sampler.round_up=True'
        )


def unwrap(model: nn.Module) -> Any:
    """Return the model inside a distributed wrapper, or the model itself."""
    return model.module if is_model_wrapper(model) else model
