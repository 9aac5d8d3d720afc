from typing import NamedTuple

import torch
from torch import Tensor

from sslreg.registry import MEMORIES

from .base import MemoryBlocks
from .instance import InstanceMemory

ROWS = ('all', 'batch')


@MEMORIES.register_module()
class CorrectedInstanceMemory(InstanceMemory):
    """InstanceMemory that moves by the whole gradient of the cross-entropy (arXiv 2404.19289).

    ``W <- rownorm(m W + (1 - m) (Y - P)^T Z)`` with Z the global batch's queries, Y its targets and P its softmax over
    the entries: an entry is drawn to its own image, as in NPID, and driven from all others as far as they are taken for
    it. For m > 0 it is a gradient step of size eta = tau (1 - m) / m, followed by normalisation; for P -> 0 it is the
    update of NPID. Our sources give the rule, not the paper's constants; these are ours.

    It needs a head that tells it the softmax, ``InstanceHead``, and stores what that tells, of all views, rather than
    the keys; a repeated image counts as often as it is repeated.

    Args:
        rows: ``'all'`` moves every recalled entry, ``'batch'`` those of the global batch's images only.
        Others as in :class:`InstanceMemory`.

    Raises:
        ValueError: As in :class:`InstanceMemory`; ``rows`` is neither.
    """

    def __init__(
        self,
        length: int,
        feat_dim: int,
        momentum: float = 0.5,
        rows: str = 'all',
        num_negatives: int | None = None,
        sharded: bool = False,
        seed: int = 0,
        init: str = 'random',
    ) -> None:
        super().__init__(length, feat_dim, momentum, num_negatives, sharded, seed, init)
        if rows not in ROWS:
            raise ValueError(f'rows={rows!r} must be one of {", ".join(map(repr, ROWS))}')
        self.rows = rows
        self._batch: _Batch | None = None

    def read(self, indices: Tensor) -> MemoryBlocks:
        return self._follow(super().read(indices))

    def read_in_place(self, indices: Tensor) -> MemoryBlocks:
        return self._follow(super().read_in_place(indices))

    def _follow(self, blocks: MemoryBlocks) -> MemoryBlocks:
        self._entries = blocks.feats[0]  # the buffer itself, or a copy that `write` puts back
        return blocks._replace(learner=self)

    def begin(self, queries: Tensor, pull: Tensor, target: Tensor, log_partition: Tensor, temperature: float) -> None:
        rows, pull = self._held(target, pull)
        entries = self._entries[rows]
        probs = torch.add(-log_partition[:, None], queries @ entries.T, alpha=1 / temperature).exp_()
        self._batch = _Batch(queries, rows, self._moved(entries, rows, pull, push=probs.T @ queries))

    def learn(self, start: int, probs: Tensor) -> None:
        if self.rows == 'batch':
            return
        if self._batch is None:
            raise RuntimeError('`begin` has not told the batch')
        entries = self._entries[start : start + probs.shape[1]]
        # Up to a scale that the norm takes away again, with the entries' own factor 1: a pass over them less.
        keep, step = (1.0, (1 - self.momentum) / self.momentum) if self.momentum else (0.0, 1.0)
        entries.addmm_(probs.T, self._batch.queries, beta=keep, alpha=-step)
        entries.div_(torch.linalg.vector_norm(entries, dim=1, keepdim=True).clamp_(min=1e-12))

    def write(self, feats: Tensor, indices: Tensor) -> None:
        """Finish what :meth:`learn` began: the batch's own entries, which their images draw as well.

        Raises:
            RuntimeError: The head did not tell the softmax.
        """
        if self._batch is None:
            raise RuntimeError(
                f'{type(self).__name__} learns from the softmax over its entries, of which the head told it nothing: '
                'use InstanceHead, or InstanceMemory with this head'
            )
        self._entries[self._batch.rows] = self._batch.entries
        if self._columns is not None:
            self.feats[self._columns] = self._entries
        elif self._entries.data_ptr() != self.feats.data_ptr():
            self.feats.copy_(self._entries)
        self._batch = None
        self._count()


class _Batch(NamedTuple):
    """The step under way: all embeddings ``[G, D]``, and rows ``[H]`` with their new entries ``[H, D]``."""

    queries: Tensor
    rows: Tensor
    entries: Tensor
