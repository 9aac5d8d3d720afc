"""Passes over features that may lie on the host, a chunk of rows at a time on the device."""

from collections.abc import Iterator

import torch
from mmengine.device import get_device
from mmengine.dist import all_reduce
from torch import Tensor

CHUNK_BYTES = 2 * 2**20  # bytes of logits at a time on the CPU
CHUNK_BYTES_CUDA = 512 * 2**20


def logits(feats: Tensor, params: Tensor) -> Tensor:
    """Return logits ``[M, classes]`` of ``feats [M, C]`` by ``params [classes, C + 1]``, the bias last."""
    return torch.addmm(params[:, -1], feats, params[:, :-1].T)


def compute_dtype(feats: Tensor) -> torch.dtype:
    """Return the type to compute in: float32, or float64 for features in float64."""
    return torch.promote_types(feats.dtype, torch.float32)


def chunks(feats: Tensor, columns: int) -> Iterator[Tensor]:
    """Yield ``feats [N, C]`` on the device, as many rows at a time as keep a float32 matrix of ``columns`` small."""
    return (part.to(get_device()) for part in feats.split(rows_at_a_time(columns)))


def rows_at_a_time(columns: int) -> int:
    """Return the rows of a chunk for which a float32 matrix of ``columns`` is within the budget."""
    budget = CHUNK_BYTES_CUDA if get_device() == 'cuda' else CHUNK_BYTES
    return max(budget // (4 * columns), 1)


def check_finite(feats: Tensor) -> None:
    """Raise ValueError on all ranks if a row of any rank's ``feats [N, C]`` is not finite; collective."""
    counts = torch.zeros(2, dtype=torch.long, device=get_device())
    for part in chunks(feats, feats.shape[1]):
        counts += torch.stack([(~part.isfinite().all(dim=1)).sum(), counts.new_tensor(len(part))])
    all_reduce(counts)
    bad, length = counts.tolist()
    if bad:
        raise ValueError(f'{bad} of {length} images have features that are not finite: did the training diverge?')
