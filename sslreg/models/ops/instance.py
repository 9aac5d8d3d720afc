"""Instance discrimination over a memory of any size in two passes (arXiv 2404.19289; NPID, arXiv 1805.01978).

For B images with one embedding z_i each, N entries w_j and s = z W^T, the loss is the cross-entropy
``-log softmax(s_i / tau)_i`` plus further losses of the softmax. The first pass over chunks of the memory adds up the
sums of the softmax; the second computes each chunk's logits again, adds its part of the gradient of z and, if the
memory learns from the softmax, passes it the chunk's softmax while it is in the cache. The cross-entropy alone needs
the first pass only. Nothing of size B x N is ever stored.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from mmengine.dist import all_reduce, get_rank
from torch import Tensor

from sslreg.models.recall import LearningRecall, Recall
from sslreg.utils.dist import gathered

from . import chunks
from .gradient import with_gradient
from .streamed_loss import StreamedLoss

MAX_LOGIT = 40.0  # exp(40) and exp(-40), summed over 1e9 entries, are far from float32's limits of e^88 and e^-88


class InstanceLosses(NamedTuple):
    """Results of :func:`instance_loss`.

    Attributes:
        loss: ``[]``, differentiable by the queries: cross-entropy plus weighted further losses, mean over the images.
        values: The terms, each ``[]``, without weights: ``ce``; ``own_ratio``, the probability of an image's own entry
            divided by that of a random choice (soft labels: the geometric mean over the mixed images' entries); the
            further losses by their names, and the parts that they log.
    """

    loss: Tensor
    values: dict[str, Tensor]


@torch.compiler.disable  # a graph break: the gradient is made by hand
def instance_loss(
    queries: Tensor,
    recall: Recall,
    temperature: float,
    losses: Sequence[StreamedLoss] = (),
    labels: Tensor | None = None,
    chunk_size: int | None = None,
) -> InstanceLosses:
    """Compute the cross-entropy of each image against all recalled entries, plus further losses of its softmax.

    Args:
        queries: ``[S, B, D]`` unit-norm embeddings of S views of this rank's images; the loss is a mean over views too.
        recall: One block of N unit-norm entries with ``target [B]``, or this rank's part of them; not copied. A
            :class:`LearningRecall` receives the softmax, and has written its memory at the end.
        temperature: Tau of the cross-entropy, and of losses without a temperature of their own.
        losses: Further losses with different names.
        labels: ``[B, B]`` soft targets: the share of image i that belongs to the entry of image j (CutMix), for one
            view. None: the identity.
        chunk_size: Entries at a time; None: fitted to the device.

    Raises:
        ValueError: The recall has several blocks or no ``target``; or there are labels for several views.
    """
    if recall.num_blocks != 1 or recall.target is None:
        what = f'{recall.num_blocks} blocks' if recall.target is not None else 'no target'
        raise ValueError(f"instance discrimination needs one block and each image's column, not {what}: InstanceMemory")
    if labels is not None and len(queries) > 1:
        raise ValueError(f'labels are for one view, there are {len(queries)}')
    with torch.no_grad(), torch.autocast(queries.device.type, enabled=False):
        step = _Step(queries.detach(), recall, recall.target, temperature, losses, labels, chunk_size)
        values, loss = step.values()
        grad = step.gradient().view_as(queries) if queries.requires_grad or step.learner is not None else None
    return InstanceLosses(with_gradient(queries, loss, grad), values)


class _Step:
    """The two passes of one training step; the constructor makes the first.

    There are three sets of images: this rank's B (``mine``, in S views); the G whose softmax is needed here: those of
    all ranks if each rank holds a part of the entries or the memory learns from the softmax, else B; and those whose
    losses are computed here (``asked``): G if each rank holds a part of the entries, else B.
    """

    def __init__(
        self,
        queries: Tensor,
        recall: Recall,
        target: Tensor,
        temperature: float,
        losses: Sequence[StreamedLoss],
        labels: Tensor | None,
        chunk_size: int | None,
    ) -> None:
        self.rows = recall.entries[0] if recall.order is None else recall.blocks[0]
        self.learner = recall if isinstance(recall, LearningRecall) else None
        self.sharded = recall.first is not None
        self.temperature, self.losses = temperature, losses
        self.temps = [temperature if loss.temperature is None else loss.temperature for loss in losses]
        self.target = target.repeat(len(queries))
        queries = queries.flatten(0, 1).to(self.rows.dtype)
        labels = None if labels is None else labels.to(queries)
        self.scale = 1 / len(queries)
        pull = queries if labels is None else labels.T @ queries
        self.queries, self.pull, self.mine = queries, pull, slice(None)
        if self.sharded or self.learner is not None:
            self.queries, self.pull, self.target = gathered(queries, pull, self.target)
            self.mine = slice(get_rank() * len(queries), (get_rank() + 1) * len(queries))
        self.asked = slice(None) if self.sharded else self.mine
        own = self._own_rows(recall.first)
        self.own = own if labels is None else labels @ own  # the mean of the entries that an image is drawn to
        self.chunk_size = chunk_size or chunks.chunk_size(self.queries)
        self.shift = self._shift()
        # Without other terms the gradient is a weighted mean of the entries, found along with the sum of the weights.
        self.mean = torch.zeros_like(self.queries) if not losses and self.learner is None else None
        self.log_partition, self.sums = self._first_pass()

    def values(self) -> tuple[dict[str, Tensor], Tensor]:
        """Return the mean of each term over this rank's images, and the loss."""
        cosines = (self.queries[self.mine] * self.own).sum(dim=1)
        if self.shift is not None:
            cosines = cosines - self.shift[self.mine, 0]
        ce = self.log_partition[self.mine] - cosines / self.temperature
        terms, total = dict(ce=ce, own_ratio=self.num_entries * (-ce).exp()), ce.mean()
        for loss, sums in zip(self.losses, self.sums, strict=True):
            own = sums[:, self.mine] if self.sharded else sums
            terms[loss.name] = loss.value(own).to(ce.dtype)
            terms |= {f'{loss.name}_{name}': part.to(ce.dtype) for name, part in loss.parts(own).items()}
            total = total + loss.weight * terms[loss.name].mean()
        return {name: term.mean() for name, term in terms.items()}, total

    def gradient(self) -> Tensor:
        """Make the second pass: return the gradient by this rank's queries ``[B, D]``, and let the memory learn."""
        if self.mean is not None:
            return self.mean[self.mine].sub_(self.own).mul_(self.scale / self.temperature)
        if self.learner is not None:
            self.learner.begin(self.queries, self.pull, self.target, self._whole_partition(), self.temperature)
        total = torch.zeros_like(self.queries[self.asked])
        stats = [sums.to(total.dtype) for sums in self.sums]
        for start, rows, cosines in self._chunks():
            probs = torch.add(-self.log_partition[:, None], cosines, alpha=1 / self.temperature).exp_()
            grad = probs[self.asked] * (self.scale / self.temperature)
            for loss, temp, sums in zip(self.losses, self.temps, stats, strict=True):
                logits = _logits(cosines[self.asked], temp)
                grad.add_(loss.grad(logits, sums), alpha=loss.weight * self.scale / temp)
            total.addmm_(grad, rows)
            if self.learner is not None:
                self.learner.learn(start, probs)
        if self.learner is not None:
            self.learner.finish()
        if self.sharded:
            all_reduce(total)
            total = total[self.mine]
        return total.sub_(self.own, alpha=self.scale / self.temperature)

    def _first_pass(self) -> tuple[Tensor, list[Tensor]]:
        """Return the log-partition of the cross-entropy ``[G]``, and each loss's sums ``[R, asked]`` in float64.

        SqrtKL is a small difference of logarithms of the sums, and they run over thousands of chunks.
        """
        partition = torch.zeros(1, len(self.queries), dtype=torch.float64, device=self.queries.device)
        sums: list[Any] = [0.0] * len(self.losses)
        self.num_entries = partition.new_full((), len(self.rows))
        for _, rows, cosines in self._chunks():
            exp = (cosines / self.temperature).exp_()
            partition += exp.sum(dim=1)
            if self.mean is not None:
                self.mean.addmm_(exp, rows)
            for place, (loss, temp) in enumerate(zip(self.losses, self.temps, strict=True)):
                sums[place] += torch.stack(loss.sums(_logits(cosines[self.asked], temp))).double()
        if self.sharded:
            for total in (partition, self.num_entries, *sums, *([] if self.mean is None else [self.mean])):
                all_reduce(total)
        if self.mean is not None:
            self.mean.div_(partition.T)
        return partition[0].log().to(self.queries.dtype), sums

    def _chunks(self) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Yield the first column, the entries ``[n, D]`` and the shifted cosines ``[G, n]`` of each chunk."""
        for start in range(0, len(self.rows), self.chunk_size):
            rows = self.rows[start : start + self.chunk_size]
            cosines = self.queries @ rows.T
            yield start, rows, cosines if self.shift is None else cosines.sub_(self.shift)

    def _shift(self) -> Tensor | None:
        """Return each image's largest cosine ``[G, 1]`` if exp could leave float32's range; it costs one more pass.

        Cosines are at most 1, so temperatures from 0.025 on need no shift.
        """
        if min([self.temperature, *self.temps]) >= 1 / MAX_LOGIT:
            return None
        highest = [(self.queries @ rows.T).amax(dim=1, keepdim=True) for rows in self.rows.split(self.chunk_size)]
        shift = torch.stack(highest).amax(dim=0)
        if self.sharded:
            all_reduce(shift, op='max')
        return shift

    def _whole_partition(self) -> Tensor:
        if self.shift is None:
            return self.log_partition
        return self.log_partition + self.shift[:, 0] / self.temperature

    def _own_rows(self, first: int | None) -> Tensor:
        """Return the entry of each of this rank's images ``[B, D]``, also if another rank holds it."""
        if first is None:
            return self.rows[self.target[self.mine]]
        column = self.target - first
        held = (column >= 0) & (column < len(self.rows))
        own = self.rows[column.clamp(0, len(self.rows) - 1)] * held[:, None]
        all_reduce(own)
        return own[self.mine]


def _logits(cosines: Tensor, temperature: float) -> Tensor:
    return cosines if temperature == 1 else cosines / temperature
