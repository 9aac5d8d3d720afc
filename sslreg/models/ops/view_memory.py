"""The view-memory loss of MaSSL (arXiv 2407.17486, section 3) as attention: its whole gradient, and no logits kept.

For queries q (students') and t (teachers') that are divided by their temperatures, and blocks n of the memory, let g
and r be the means of a block's entries in the weights of a student and of a teacher, and l the student's log-sum-exp.

    loss = 1/C sum_b [ sum_i m_i sum_n l_ibn - sum_i q_ib . sum_(j != i) sum_n r_jbn ]
    d loss / d q_ib = 1/C [ m_i sum_n g_ibn - sum_(j != i) sum_n r_jbn ]

with C = T (S - 1) B N and m_i the number of teacher views that view i is compared with. Weighted means and log-sum-exp
are the output of attention whose keys and values are the block, so one pass over the memory gives both.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from . import chunks
from .gradient import with_gradient


class ViewMemoryTerms(NamedTuple):
    """Results of :func:`view_memory_loss`, each ``[]``.

    Attributes:
        loss: Differentiable by the queries.
        teacher_entropy: Mean entropy of the last teacher view's weights of a block's entries, in nats.
        teacher_max_prob: Mean of the largest of these weights.
        agreement: Share of images and blocks for which the entry of the largest weight is also that of another,
            student's, view.
    """

    loss: Tensor
    teacher_entropy: Tensor
    teacher_max_prob: Tensor
    agreement: Tensor


class _Attended(NamedTuple):
    """What R queries see of a block: ``mean [R, D]`` of its entries, ``log_sum [R]`` and ``highest [R]`` of logits.

    ``best [watched]`` are the places of the highest logits of those queries for which they are asked.
    """

    mean: Tensor
    log_sum: Tensor
    highest: Tensor
    best: Tensor


def view_memory_loss(
    queries: Tensor, keys: Tensor, entries: Tensor, order: Tensor | None = None, chunk_size: int | None = None
) -> ViewMemoryTerms:
    """Cross-entropy between teacher and student over blocks of entries, mean over blocks, images and pairs of views.

    Args:
        queries: ``[S, B, D]`` student embeddings divided by their temperature; views 0..T-1 are the teacher's.
        keys: ``[T, B, D]`` teacher embeddings divided by theirs; never receive a gradient.
        entries: Blocks ``[N, K, D]``; or with ``order`` the memory ``[L, D]`` that they are drawn from.
        order: ``[N, K]`` which entries each block has; they are gathered chunk by chunk.
        chunk_size: Entries at a time; None: fitted to the device.
    """
    with torch.no_grad(), torch.autocast(queries.device.type, enabled=False):
        terms, grad = _pass(queries.detach(), keys.detach(), entries, order, chunk_size)
    return terms._replace(loss=with_gradient(queries, terms.loss, grad))


def _pass(
    queries: Tensor, keys: Tensor, entries: Tensor, order: Tensor | None, chunk_size: int | None
) -> tuple[ViewMemoryTerms, Tensor]:
    """All terms, and the gradient of the loss by the queries ``[S, B, D]``."""
    dtype = torch.promote_types(queries.dtype, torch.float32)
    queries, keys = queries.to(dtype), keys.to(dtype)
    num_queries, num_keys = len(queries), len(keys)
    both = torch.cat([queries, keys]).flatten(0, 1)
    sees, log_sum = torch.zeros_like(both), both.new_zeros(len(both))
    entropy, max_prob, agreement = (both.new_zeros(()) for _ in range(3))
    blocks = entries if order is None else order
    places = torch.arange(len(both), device=both.device).view(-1, queries.shape[1])
    other, last = places[0 if num_keys > 1 else 1], places[-1]  # a student's view, and the teacher's last
    for block in blocks:
        seen = _attend(both, entries, block, chunk_size or chunks.chunk_size(both), watched=torch.cat([other, last]))
        sees += seen.mean
        log_sum += seen.log_sum
        entropy += (seen.log_sum[last] - (both[last] * seen.mean[last]).sum(dim=1)).mean()
        max_prob += (seen.highest[last] - seen.log_sum[last]).exp().mean()
        agreement += torch.eq(*seen.best.chunk(2)).to(dtype).mean()
    student, teacher = sees.unflatten(0, (-1, queries.shape[1])).split([num_queries, num_keys])
    pairs = 1 - torch.eye(num_queries, num_keys, dtype=dtype, device=both.device)  # which views are compared
    partners = pairs.sum(dim=1)[:, None]  # [S, 1]
    wanted = torch.einsum('st,tbd->sbd', pairs, teacher)
    count = num_keys * (num_queries - 1) * queries.shape[1] * len(blocks)
    log_sums = log_sum.unflatten(0, (-1, queries.shape[1]))[:num_queries]
    loss = ((partners * log_sums).sum() - (queries * wanted).sum()) / count
    grad = (partners[..., None] * student).sub_(wanted).div_(count)
    return ViewMemoryTerms(loss, *(total / len(blocks) for total in (entropy, max_prob, agreement))), grad


def _attend(queries: Tensor, entries: Tensor, block: Tensor, chunk_size: int, watched: Tensor) -> _Attended:
    """Attention of ``queries [R, D]`` over a block, chunk by chunk with a running maximum.

    ``block`` holds the entries ``[K, D]`` themselves, or which of ``entries`` they are ``[K]``.
    """
    highest = torch.full((len(queries), 1), -torch.inf, dtype=queries.dtype, device=queries.device)
    total, mean, best = torch.zeros_like(highest), torch.zeros_like(queries), torch.zeros_like(watched)
    for number, chunk in enumerate(block.split(chunk_size)):
        rows = (chunk if chunk.is_floating_point() else entries.index_select(0, chunk)).to(queries.dtype)
        logits = queries @ rows.T
        value, place = logits[watched].max(dim=1)
        best = torch.where(value > highest[watched, 0], place + number * chunk_size, best)
        top = torch.maximum(highest, logits.amax(dim=1, keepdim=True))
        weights = logits.sub_(top).exp_()
        kept = (highest - top).exp_()
        total = total * kept + weights.sum(dim=1, keepdim=True)
        mean.mul_(kept).addmm_(weights, rows)
        highest = top
    return _Attended(mean.div_(total), (highest + total.log())[:, 0], highest[:, 0], best)
