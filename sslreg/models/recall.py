"""Recall: the entries that a memory gives to the loss of one training step."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import NoReturn

from torch import Tensor


class Recall:
    """Entries of a memory for one training step, in N blocks of K.

    A memory hands over its entries as they are, and nothing is copied here. A loss has two ways to use them:

    * :attr:`blocks`, a copy that stays valid. Every loss may use it.
    * :attr:`entries` and :attr:`order`, without a copy: for a loss that has its gradient when it returns. They are
      valid until the memory is written; using them later is an error.

    Args:
        entries: Unit-norm rows: one block ``[K, D]``, or blocks ``[N, K, D]``, or the memory ``[L, D]`` with ``order``.
        order: ``[N, K]`` rows of ``entries`` that make up the blocks; None: ``entries`` are the blocks.
        target: ``[B]`` column (0..K-1) of each image's own entry; None: images have no entry of their own.
        first: Column of this rank's first entry where each rank holds a part of the entries; None: all are here.

    Attributes:
        order: The argument ``order``.
        target: The argument ``target``.
        first: The argument ``first``.

    Raises:
        ValueError: ``entries`` are neither a matrix nor blocks.
    """

    def __init__(
        self, entries: Tensor, order: Tensor | None = None, target: Tensor | None = None, first: int | None = None
    ) -> None:
        if entries.ndim not in ((2, 3) if order is None else (2,)):
            wanted = '[K, D] or [N, K, D]' if order is None else '[L, D] with an order of rows'
            raise ValueError(f'Recall: entries {list(entries.shape)} must be {wanted}')
        self._entries = entries if order is not None or entries.ndim == 3 else entries[None]
        self._version = _num_writes(self._entries)
        self.order = order
        self.target = target
        self.first = first

    @property
    def entries(self) -> Tensor:
        """The memory's own rows, not a copy: ``[N, K, D]``, or ``[L, D]`` where there is an ``order``.

        Raises:
            RuntimeError: The memory was written since.
        """
        if _num_writes(self._entries) != self._version:
            raise RuntimeError(
                'this Recall is out of date: its memory was written after read(). Use it before the update of the '
                'memory, take recall.blocks (a copy) in head.loss, or call memory.read(indices) again'
            )
        return self._entries

    @cached_property
    def blocks(self) -> Tensor:
        """The entries as blocks ``[N, K, D]``: a copy, made at the first use.

        Raises:
            RuntimeError: The memory was written before the first use.
        """
        return self.entries.clone() if self.order is None else self.entries[self.order]

    @property
    def num_blocks(self) -> int:
        """Number N of blocks."""
        return len(self._entries) if self.order is None else len(self.order)


class LearningRecall(Recall, ABC):
    """Recall of a memory that learns from the softmax of the loss instead of storing keys.

    The loss calls :meth:`begin` once, :meth:`learn` with each chunk of entries, and :meth:`finish` once; see
    :func:`sslreg.models.ops.instance_loss`. State of the step is kept here, not in the memory.

    Attributes:
        finished: Whether the memory has learned from this step.
    """

    finished = False

    @abstractmethod
    def begin(self, queries: Tensor, pull: Tensor, target: Tensor, log_partition: Tensor, temperature: float) -> None:
        """Take the global batch, before any entry changes.

        Args:
            queries: ``[G, D]`` unit-norm embeddings.
            pull: ``[G, D]`` vector towards which the own entry of each image is drawn: its query, or the sum of the
                mixed queries that contain it, weighted by its share.
            target: ``[G]`` column of each image's own entry.
            log_partition: ``[G]`` log of each image's sum of exp(logit) over all entries.
            temperature: Temperature of the logits.
        """

    @abstractmethod
    def learn(self, start: int, probs: Tensor) -> None:
        """Take the softmax of a chunk of entries that the loss does not need any more.

        Args:
            start: First column of the chunk.
            probs: ``[G, n]`` probabilities of the columns start..start+n-1.
        """

    @abstractmethod
    def finish(self) -> None:
        """Write the result of the step into the memory and set ``finished``."""


def _num_writes(entries: Tensor) -> int:
    """Return how often a tensor or a view of it was written, as torch counts; inference tensors have no count."""
    return 0 if entries.is_inference() else entries._version


def refuse_earlier_name(module: str, name: str) -> NoReturn:
    """Raise ImportError with the form that replaces ``MemoryBlocks``, and AttributeError for other names."""
    if name == 'MemoryBlocks':
        raise ImportError(
            'MemoryBlocks is now Recall: `from sslreg.models import Recall`, and in read() of a memory '
            '`return Recall(self.feats)`, without a copy; a head takes recall.blocks (docs/add_a_memory.md)'
        )
    raise AttributeError(f'module {module!r} has no attribute {name!r}')
