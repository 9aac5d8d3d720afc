"""The view-memory loss of MaSSL (arXiv 2407.17486, section 3) as attention, with its gradient and without logits.

For queries q of the student and t of the teacher, divided by their temperatures, and blocks n of the memory, let g and
r be the means of a block's entries under the softmax of student and teacher, and l the student's log-sum-exp.

    loss = 1/C sum_b [ sum_i m_i sum_n l_ibn - sum_i q_ib . sum_(j != i) sum_n r_jbn ]
    d loss / d q_ib = 1/C [ m_i sum_n g_ibn - sum_(j != i) sum_n r_jbn ]

with C = T (S - 1) B N and m_i the number of teacher views that view i is compared with. Weighted means and log-sum-exp
are the output of attention whose keys and values are the block, so one pass over the memory gives both.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .attention import Attended, Attention, choose_attention
from .gradient import with_gradient


class ViewMemoryTerms(NamedTuple):
    """Results of :func:`view_memory_loss`, each ``[]``.

    Attributes:
        loss: The loss, differentiable by the queries.
        teacher_entropy: Mean entropy in nats of the last teacher view's softmax over a block.
        teacher_max_prob: Mean of the largest probability of this softmax.
        agreement: Share of images and blocks for which the student, given another view, has the same most probable
            entry as the last teacher view.
    """

    loss: Tensor
    teacher_entropy: Tensor
    teacher_max_prob: Tensor
    agreement: Tensor


@torch.compiler.disable  # a graph break: the gradient is made by hand
def view_memory_loss(
    queries: Tensor, keys: Tensor, entries: Tensor, order: Tensor | None = None, attention: Attention | None = None
) -> ViewMemoryTerms:
    """Compute the cross-entropy between teacher and student, mean over blocks, images and pairs of views.

    Args:
        queries: ``[S, B, D]`` student embeddings divided by their temperature; views 0..T-1 are the teacher's.
        keys: ``[T, B, D]`` teacher embeddings divided by their temperature; they get no gradient.
        entries: Blocks ``[N, K, D]``; or with ``order`` the memory ``[L, D]``.
        order: ``[N, K]`` rows of the memory that make up the blocks; they are gathered chunk by chunk.
        attention: Attention that passes over the memory; None: the choice of :func:`attention.choose_attention`.
    """
    with torch.no_grad(), torch.autocast(queries.device.type, enabled=False):
        terms, grad = _pass(queries.detach(), keys.detach(), entries, order, attention)
    return terms._replace(loss=with_gradient(queries, terms.loss, grad))


def _pass(
    queries: Tensor, keys: Tensor, entries: Tensor, order: Tensor | None, attention: Attention | None
) -> tuple[ViewMemoryTerms, Tensor]:
    """Return all terms, and the gradient of the loss by the queries ``[S, B, D]``."""
    dtype = torch.promote_types(queries.dtype, torch.float32)
    queries, keys = queries.to(dtype), keys.to(dtype)
    both = torch.cat([queries, keys]).flatten(0, 1)
    rows = torch.arange(len(both), device=both.device).view(-1, queries.shape[1])  # [S + T, B]
    student, teacher = rows[0 if len(keys) > 1 else 1], rows[-1]  # another view by the student, the last by the teacher
    attended = (attention or choose_attention(both))(both, entries, order, torch.cat([student, teacher]))
    loss, grad = _loss_and_gradient(queries, keys, attended)
    log_sum, (student_best, teacher_best) = attended.log_sum[:, teacher], attended.best.chunk(2, dim=1)
    entropy = log_sum.mean() - (both[teacher] * attended.mean[teacher]).sum(dim=1).mean() / len(log_sum)
    max_prob = (attended.highest[:, len(student) :] - log_sum).exp().mean()
    return ViewMemoryTerms(loss, entropy, max_prob, torch.eq(student_best, teacher_best).to(dtype).mean()), grad


def _loss_and_gradient(queries: Tensor, keys: Tensor, attended: Attended) -> tuple[Tensor, Tensor]:
    """Return the loss ``[]`` and its gradient ``[S, B, D]`` by the equations at the top of this file.

    Args:
        queries: ``[S, B, D]``.
        keys: ``[T, B, D]``.
        attended: Attention of queries and keys, in this order, over the blocks.
    """
    views = [len(queries), len(keys)]
    student, teacher = attended.mean.unflatten(0, (sum(views), -1)).split(views)
    log_sum = attended.log_sum.sum(dim=0).unflatten(0, (sum(views), -1))[: len(queries)]
    pairs = 1 - torch.eye(*views, dtype=queries.dtype, device=queries.device)  # 1 for views that are compared
    partners = pairs.sum(dim=1)[:, None]  # [S, 1]
    wanted = torch.einsum('st,tbd->sbd', pairs, teacher)
    count = len(keys) * (len(queries) - 1) * queries.shape[1] * len(attended.log_sum)
    loss = ((partners * log_sum).sum() - (queries * wanted).sum()) / count
    return loss, (partners[..., None] * student).sub_(wanted).div_(count)
