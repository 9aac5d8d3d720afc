"""Instance discrimination over a memory of any size in two passes (arXiv 2404.19289; NPID, arXiv 1805.01978).

Written for B images, N entries w_j, one embedding z_i each, s = z W^T: the loss is the cross-entropy
``-log softmax(s_i / tau)_i`` plus further losses of the softmax. The first pass over chunks of the memory adds up what
the values need; the second computes each chunk's logits again, adds its part of the gradient of z and, where the memory
asks for it, hands it the chunk's softmax while it is in the cache. The cross-entropy alone needs the first pass only.
Nothing of size B x N is ever stored.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from mmengine.dist import all_gather, all_reduce, get_rank
from torch import Tensor

from sslreg.models.losses.streamed import StreamedLoss
from sslreg.models.memories import MemoryBlocks

CHUNK_CPU = 2**17  # logits of a chunk, 0.5 MB: it stays in the cache
CHUNK_CUDA = 2**25  # 128 MB: few kernels, each of them large
MAX_LOGIT = 40.0  # exp of it, summed over 1e9 entries, is far from float32's limit of e^88, and of its negative too


class InstanceLosses(NamedTuple):
    """Results of :func:`instance_loss`.

    Attributes:
        loss: ``[]``, differentiable by the queries: cross-entropy plus weighted further losses, mean over the images.
        values: The terms, each ``[]``, without weights: ``ce``; ``own_prob``, the probability of an image's own entry
            (soft labels: the geometric mean of them all); the losses' names, and what they log beside.
    """

    loss: Tensor
    values: dict[str, Tensor]


def instance_loss(
    queries: Tensor,
    blocks: MemoryBlocks,
    temperature: float,
    losses: Sequence[StreamedLoss] = (),
    labels: Tensor | None = None,
    chunk_size: int | None = None,
) -> InstanceLosses:
    """Cross-entropy of each image against all recalled entries, plus further losses of its softmax.

    Args:
        queries: ``[S, B, D]`` unit-norm embeddings of S views of this rank's images; the mean is over views too.
        blocks: One block of entries ``[1, N, D]`` of unit norm with ``target [B]``; or this rank's part of them.
        temperature: Tau of the cross-entropy, and of losses without one of their own.
        losses: Further losses.
        labels: ``[B, B]`` soft targets: the share of image i that belongs to the entry of image j (CutMix). None: the
            identity.
        chunk_size: Entries at a time; None: fitted to the device.

    Raises:
        ValueError: The memory recalled several blocks, or does not know the images' own entries.
    """
    if len(blocks.feats) != 1 or blocks.target is None:
        what = f'{len(blocks.feats)} blocks' if blocks.target is not None else 'no target'
        raise ValueError(f"instance discrimination needs one block and each image's column, not {what}: InstanceMemory")
    with torch.no_grad(), torch.autocast(queries.device.type, enabled=False):
        step = _Step(queries.detach(), blocks, blocks.target, temperature, losses, labels, chunk_size)
        values = step.first_pass()
        grad = step.second_pass().view_as(queries) if queries.requires_grad or blocks.learner is not None else None
    loss = values['ce'] + sum(loss.weight * values[loss.name] for loss in losses)
    if queries.requires_grad:
        loss = _WithGradient.apply(queries, loss, grad)
    return InstanceLosses(loss, values)


class _WithGradient(torch.autograd.Function):
    """A scalar of known gradient."""

    @staticmethod
    def forward(ctx: Any, queries: Tensor, loss: Tensor, grad: Tensor) -> Tensor:
        ctx.save_for_backward(grad.to(queries.dtype))
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, None, None]:
        return outputs[0] * ctx.saved_tensors[0], None, None


class _Step:
    """The two passes of one training step; G images: this rank's B, or those of all ranks if all are needed here.

    All are needed where each rank holds a part of the entries, and where a memory learns from the whole batch.
    """

    def __init__(
        self,
        queries: Tensor,
        blocks: MemoryBlocks,
        target: Tensor,
        temperature: float,
        losses: Sequence[StreamedLoss],
        labels: Tensor | None,
        chunk_size: int | None,
    ) -> None:
        self.rows = blocks.feats[0]
        if labels is not None:
            labels = torch.block_diag(*[labels.to(self.rows)] * len(queries))
        self.target = target.repeat(len(queries))
        queries = queries.flatten(0, 1).to(self.rows.dtype)
        self.learner = blocks.learner
        self.sharded = blocks.first is not None
        self.temperature, self.losses = temperature, losses
        self.num_images = len(queries)
        self.pull = queries if labels is None else labels.T @ queries  # [B, D], what each own entry gets
        self.queries, self.images = queries, slice(None)
        if self.sharded or self.learner is not None:
            self.queries, self.pull, self.target = map(_gather, (queries, self.pull, self.target))
            self.images = slice(get_rank() * len(queries), (get_rank() + 1) * len(queries))
        own = self._own_rows(blocks.first)[self.images]
        self.own = own if labels is None else labels @ own  # [B, D], the mean of an image's target entries
        self.chunk_size = chunk_size or _chunk_size(self.queries)
        self.temps = [temperature if loss.temperature is None else loss.temperature for loss in losses]
        self.shift = self._shift()
        # Without other terms the gradient is a weighted mean of the entries, found along with the sum of the weights.
        self.weighted = torch.zeros_like(self.queries) if not losses and self.learner is None else None

    def first_pass(self) -> dict[str, Tensor]:
        """Mean values over this rank's images."""
        self.log_partition, self.sums = self._add_up()
        cosines = (self.queries[self.images] * self.own).sum(dim=1)
        if self.shift is not None:
            cosines = cosines - self.shift[self.images, 0]
        ce = self.log_partition[self.images] - cosines / self.temperature
        values = dict(ce=ce, own_prob=(-ce).exp())
        for loss, sums in zip(self.losses, self.sums, strict=True):
            own_sums = sums[:, self.images]
            values[loss.name] = loss.value(own_sums)
            values |= {f'{loss.name}_{name}': part for name, part in loss.parts(own_sums).items()}
        return {name: value.mean() for name, value in values.items()}

    def second_pass(self) -> Tensor:
        """Gradient of the loss by this rank's queries ``[B, D]``; the memory learns meanwhile."""
        if self.learner is not None:
            log_partition = self.log_partition
            if self.shift is not None:
                log_partition = log_partition + self.shift[:, 0] / self.temperature
            self.learner.begin(self.queries, self.pull, self.target, log_partition, self.temperature)
        scale = 1 / self.num_images
        if self.weighted is not None:
            return self.weighted[self.images].sub_(self.own).mul_(scale / self.temperature)
        asked = slice(None) if self.sharded else self.images  # where entries are everywhere, each rank sees to its own
        total = torch.zeros_like(self.queries[asked])
        for start, rows, cosines in self._chunks():
            probs = torch.add(-self.log_partition[:, None], cosines, alpha=1 / self.temperature).exp_()
            grad = probs[asked] * (scale / self.temperature)
            for loss, temp, sums in zip(self.losses, self.temps, self.sums, strict=True):
                logits = _logits(cosines[asked], temp)
                grad.add_(loss.grad(logits, sums[:, asked]), alpha=loss.weight * scale / temp)
            total.addmm_(grad, rows)
            if self.learner is not None:
                self.learner.learn(start, probs)
        if self.sharded:
            all_reduce(total)
            total = total[self.images]
        return total.sub_(self.own, alpha=scale / self.temperature)

    def _chunks(self) -> Iterator[tuple[int, Tensor, Tensor]]:
        """First column, entries ``[n, D]`` and shifted cosines ``[G, n]`` of each chunk."""
        for start in range(0, len(self.rows), self.chunk_size):
            rows = self.rows[start : start + self.chunk_size]
            cosines = self.queries @ rows.T
            yield start, rows, cosines if self.shift is None else cosines.sub_(self.shift)

    def _add_up(self) -> tuple[Tensor, list[Tensor]]:
        """Log-partition of the cross-entropy ``[G]`` and each loss's sums ``[R, G]``, over all entries."""
        total = torch.zeros(0)
        for start, rows, cosines in self._chunks():
            exp = (cosines / self.temperature).exp_()
            if self.weighted is not None:
                self.weighted.addmm_(exp, rows)
            parts, sizes = [exp.sum(dim=1)], [1]
            for loss, temp in zip(self.losses, self.temps, strict=True):
                sums = loss.sums(_logits(cosines, temp))
                parts += sums
                sizes.append(len(sums))
            stacked = torch.stack(parts)
            total = stacked if start == 0 else total.add_(stacked)
        if self.sharded:
            all_reduce(total)
        partition, *sums = total.split(sizes)
        if self.weighted is not None:
            if self.sharded:
                all_reduce(self.weighted)
            self.weighted.div_(partition.T)
        return partition[0].log(), sums

    def _shift(self) -> Tensor | None:
        """Each image's largest cosine ``[G, 1]`` where exp could leave float32's range, at the cost of one more pass.

        Cosines are at most 1, so temperatures above 0.025 need none.
        """
        if min([self.temperature, *self.temps]) >= 1 / MAX_LOGIT:
            return None
        highest = [(self.queries @ rows.T).amax(dim=1, keepdim=True) for rows in self.rows.split(self.chunk_size)]
        shift = torch.stack(highest).amax(dim=0)
        if self.sharded:
            all_reduce(shift, op='max')
        return shift

    def _own_rows(self, first: int | None) -> Tensor:
        """The entry of each of the G images ``[G, D]``, wherever it is held."""
        if first is None:
            return self.rows[self.target]
        column = self.target - first
        held = (column >= 0) & (column < len(self.rows))
        own = self.rows[column.clamp(0, len(self.rows) - 1)] * held[:, None]
        all_reduce(own)
        return own


def _gather(value: Tensor) -> Tensor:
    return torch.cat(all_gather(value.contiguous()))


def _logits(cosines: Tensor, temperature: float) -> Tensor:
    return cosines if temperature == 1 else cosines / temperature


def _chunk_size(queries: Tensor) -> int:
    size = CHUNK_CUDA if queries.is_cuda else CHUNK_CPU
    return max(size // len(queries), 128)
