"""MaSSL's formulas (arXiv 2407.17486, section 3) written plainly: one image, one pair, one block at a time."""

import math

import torch
from torch import Tensor, nn


def cross_entropy(student: Tensor, teacher: Tensor) -> Tensor:
    """Return H(softmax(teacher), softmax(student)) of two vectors of logits ``[K]``."""
    q = teacher.exp() / teacher.exp().sum()
    p = student.exp() / student.exp().sum()
    return -(q * p.log()).sum()


def view_memory_loss(queries: Tensor, keys: Tensor, blocks: Tensor, student_temp: float, teacher_temp: float) -> Tensor:
    """Average over ordered pairs of different views, blocks and images; ``[V, B, D], [2, B, D], [N, K, D] -> []``."""
    terms = []
    for j, key_view in enumerate(keys.detach()):
        for i, query_view in enumerate(queries):
            if i == j:
                continue
            for block in blocks:
                for query, key in zip(query_view, key_view, strict=True):
                    terms.append(cross_entropy(block @ query / student_temp, block @ key / teacher_temp))
    return torch.stack(terms).mean()


class PlainViewMemoryCELoss(nn.Module):
    """The loss with all logits at once and autograd, in place of ViewMemoryCELoss in a run."""

    def forward(self, queries: Tensor, keys: Tensor, blocks: Tensor) -> Tensor:
        log_p = torch.einsum('sbd,nkd->snbk', queries, blocks).log_softmax(dim=-1)
        q = torch.einsum('tbd,nkd->tnbk', keys, blocks).softmax(dim=-1)
        ce = -torch.einsum('snbk,tnbk->st', log_p, q) / (log_p.shape[1] * log_p.shape[2])
        return ce[~torch.eye(*ce.shape, dtype=torch.bool)].mean()


def cosine_array(
    base: float, final: float, epochs: int, steps_per_epoch: int, warmup_epochs: int = 0, warmup_start: float = 0.0
) -> list[float]:
    """Return the released code's array of values: a linear warm-up, both ends included, then half a cosine."""
    num_warmup = warmup_epochs * steps_per_epoch
    warmup = [warmup_start + (base - warmup_start) * t / (num_warmup - 1) for t in range(num_warmup)]
    rest = epochs * steps_per_epoch - num_warmup
    return warmup + [final + 0.5 * (base - final) * (1 + math.cos(math.pi * t / rest)) for t in range(rest)]
