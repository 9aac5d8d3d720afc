"""The instance memory that learns from the softmax of the loss."""

from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor

from sslreg.arguments import Bounds, PositiveInt, checked
from sslreg.models.recall import LearningRecall
from sslreg.registry import MEMORIES

from .instance import Init, InstanceMemory


@MEMORIES.register_module()
class CorrectedInstanceMemory(InstanceMemory):
    """InstanceMemory that moves by the whole gradient of the cross-entropy (arXiv 2404.19289).

    ``W <- rownorm(m W + (1 - m) (Y - P)^T Z)`` with Z the global batch's queries, Y its targets and P its softmax over
    the entries: an entry is drawn to its own image, as in NPID, and pushed away from each other image in proportion to
    the probability of confusing the two. For m > 0 it is a gradient step of size eta = tau (1 - m) / m, followed by
    normalisation; for P -> 0 it is the update of NPID. Our sources give the rule, not the paper's constants; the
    constants here are ours.

    The memory learns from the queries of all views during the loss, so it needs ``InstanceHead``, and keys are not
    stored. An image that is repeated in the batch counts as often as it is repeated.

    Args:
        length: As in :class:`InstanceMemory`.
        feat_dim: As in :class:`InstanceMemory`.
        momentum: As in :class:`InstanceMemory`.
        rows: ``'all'`` moves every recalled entry, ``'batch'`` only the entries of the global batch's images.
        num_negatives: As in :class:`InstanceMemory`.
        sharded: As in :class:`InstanceMemory`.
        seed: As in :class:`InstanceMemory`.
        init: As in :class:`InstanceMemory`.

    Raises:
        ValueError: As in :class:`InstanceMemory`; or ``rows`` is unknown.
    """

    @checked
    def __init__(
        self,
        length: PositiveInt,
        feat_dim: PositiveInt,
        momentum: Annotated[float, Bounds(least=0, below=1)] = 0.5,  # the share of an entry that is kept
        rows: Literal['all', 'batch'] = 'all',
        num_negatives: PositiveInt | None = None,
        sharded: bool = False,
        seed: int = 0,
        init: Init = 'random',
    ) -> None:
        super().__init__(length, feat_dim, momentum, num_negatives, sharded, seed, init)
        self.rows = rows

    def read(self, indices: Tensor) -> 'GradientStep':
        """Recall the entries, as in :class:`InstanceMemory`, for a step that moves them."""
        return GradientStep(self, *self.recalled(indices))

    def write(self, feats: Tensor, indices: Tensor) -> None:
        """Refuse: the memory has learned during the loss.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(
            f'{type(self).__name__} learns from the softmax over its entries and stores no keys: '
            'use InstanceHead, or InstanceMemory with this head'
        )


class GradientStep(LearningRecall):
    """One step of :class:`CorrectedInstanceMemory`: its entries move chunk by chunk as the loss finishes with them.

    Args:
        memory: The memory.
        rows: ``[K, D]`` recalled entries: the memory's buffer, or a copy of some of its entries.
        target: ``[B]`` column of each image's own entry.
        columns: ``[K]`` entries of the memory that ``rows`` are a copy of; None: ``rows`` are the buffer.
    """

    def __init__(
        self, memory: CorrectedInstanceMemory, rows: Tensor, target: Tensor, columns: Tensor | None = None
    ) -> None:
        super().__init__(rows, target=target, first=memory.first if memory.sharded else None)
        self.memory = memory
        self.rows = rows
        self.columns = columns
        self.batch: _Batch | None = None

    def begin(self, queries: Tensor, pull: Tensor, target: Tensor, log_partition: Tensor, temperature: float) -> None:
        """Compute the new entries of the batch's images while the old ones are unchanged; see the base class."""
        places, pull = self.memory.held(target, pull)
        entries = self.rows[places]
        probs = torch.add(-log_partition[:, None], queries @ entries.T, alpha=1 / temperature).exp_()
        self.batch = _Batch(queries, places, self.memory.moved(entries, places, pull, push=probs.T @ queries))

    def learn(self, start: int, probs: Tensor) -> None:
        """Push a chunk of entries away from the batch's images; see the base class.

        Raises:
            RuntimeError: :meth:`begin` was not called.
        """
        queries = self._begun('learn').queries
        if self.memory.rows == 'batch':
            return
        entries = self.rows[start : start + probs.shape[1]]
        # Up to a scale that the norm takes away again, with the entries' own factor 1: a pass over them less.
        m = self.memory.momentum
        keep, step = (1.0, (1 - m) / m) if m else (0.0, 1.0)
        entries.addmm_(probs.T, queries, beta=keep, alpha=-step)
        entries.div_(torch.linalg.vector_norm(entries, dim=1, keepdim=True).clamp_(min=1e-12))

    def finish(self) -> None:
        """Write the batch's own entries, which are drawn to their images too; see the base class.

        Raises:
            RuntimeError: :meth:`begin` was not called.
        """
        batch = self._begun('finish')
        self.rows[batch.places] = batch.entries
        if self.columns is not None:
            self.memory.feats[self.columns] = self.rows
        self.memory.count_update()
        self.finished = True

    def _begun(self, caller: str) -> '_Batch':
        if self.batch is None or self.finished:
            raise RuntimeError(f'{caller}() was called {"after finish()" if self.finished else "before begin()"}')
        return self.batch


class _Batch(NamedTuple):
    """All embeddings ``[G, D]`` of a step, and places ``[H]`` in the rows with their new entries ``[H, D]``."""

    queries: Tensor
    places: Tensor
    entries: Tensor
