"""Instance discrimination, SqrtKL and the memory's updates (arXiv 2404.19289) written plainly, with autograd."""

import torch
import torch.nn.functional as F
from torch import Tensor


def sqrt_kl(logits: Tensor, direction: str = 'p_u', detach: bool = False) -> Tensor:
    """Return KL(p || u), u the renormalised root of the softmax p, ``[B, N] -> [B]``; logits must be moderate."""
    p = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
    u = p.sqrt() / p.sqrt().sum(dim=1, keepdim=True)
    if detach:
        u = u.detach()
    if direction == 'p_u':
        return (p * (p.log() - u.log())).sum(dim=1)
    return (u * (u.log() - p.log())).sum(dim=1)


def instance_loss(
    queries: Tensor,
    entries: Tensor,
    labels: Tensor,
    temperature: float,
    weight: float = 0.0,
    kl_temperature: float = 1.0,
    direction: str = 'p_u',
    detach: bool = False,
) -> Tensor:
    """Return the mean over images of ``[B, D], [N, D]`` with soft targets ``[B, N]``."""
    cosines = queries @ entries.T
    ce = -(labels * (cosines / temperature).log_softmax(dim=1)).sum(dim=1)
    return (ce + weight * sqrt_kl(cosines / kl_temperature, direction, detach)).mean()


def one_hot(indices: Tensor, length: int) -> Tensor:
    return F.one_hot(indices, length).double()


def gradient_step(queries: Tensor, entries: Tensor, labels: Tensor, temperature: float, momentum: float) -> Tensor:
    """Return the rows after a step of size ``tau (1 - m) / m`` against the gradient of the summed cross-entropy."""
    entries = entries.clone().requires_grad_()
    (-(labels * (queries @ entries.T / temperature).log_softmax(dim=1)).sum()).backward()
    step = temperature * (1 - momentum) / momentum
    return F.normalize(entries.detach() - step * entries.grad, dim=1)


def moving_average(queries: Tensor, entries: Tensor, labels: Tensor, momentum: float) -> Tensor:
    """Return the rows after NPID's update, which moves those of the batch's images only."""
    moved = F.normalize(momentum * entries + (1 - momentum) * labels.T @ queries, dim=1)
    return torch.where(labels.any(dim=0)[:, None], moved, entries)
