"""The queue memory."""

from typing import Any

import torch
from torch import Tensor

from sslreg.arguments import PositiveInt, checked
from sslreg.models.recall import Recall
from sslreg.registry import MEMORIES
from sslreg.utils.seeds import derived_seed

from .base import BaseMemory


@MEMORIES.register_module()
class QueueMemory(BaseMemory):
    """First-in, first-out memory, recalled as a random partition into blocks (arXiv 2407.17486, section 3.1).

    New entries overwrite the oldest. The partition is drawn on the memory's device by a generator keyed by ``seed`` and
    the number of updates so far: equal on every rank, unchanged by a resume, and without waiting for the device.

    Args:
        length: Number of entries.
        feat_dim: Width D of an entry.
        num_blocks: Number N of blocks; it must divide ``length``.
        shuffle: Whether the partition is random. False keeps the blocks in the order of the queue: the control
            experiment of the paper's section 5.3, which collapses.
        seed: Seed of the partitions.

    Raises:
        ValueError: ``length`` does not divide into ``num_blocks`` equal blocks of two entries at least.
    """

    cursor: Tensor
    num_updates: Tensor

    @checked
    def __init__(
        self,
        length: PositiveInt,
        feat_dim: PositiveInt,
        num_blocks: PositiveInt = 1,
        shuffle: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__(length, feat_dim)
        if length % num_blocks:
            raise ValueError(f'length={length} must divide into num_blocks={num_blocks} equal blocks')
        if num_blocks == length > 1:
            raise ValueError(
                f'num_blocks={num_blocks} equals length: a block of one entry compares nothing; the papers have blocks '
                'of 512 entries and more'
            )
        self.num_blocks = num_blocks
        self.shuffle = shuffle
        self.seed = seed
        self.register_buffer('cursor', torch.tensor(0))  # the slot that is written next
        self.register_buffer('num_updates', torch.tensor(0))
        self._step = 0  # `num_updates` as the host knows it

    def read(self, indices: Tensor) -> Recall:
        """Recall all entries, in blocks of a partition drawn anew after every update."""
        if not self.shuffle:
            return Recall(self.feats.unflatten(0, (self.num_blocks, -1)))
        return Recall(self.feats, order=self._permutation().view(self.num_blocks, -1))

    def write(self, feats: Tensor, indices: Tensor) -> None:
        """Overwrite the oldest entries."""
        self.check(len(feats), num_images=0)
        slots = (self.cursor + torch.arange(len(feats), device=feats.device)) % len(self)
        self.feats[slots] = feats
        self.cursor.add_(len(feats)).remainder_(len(self))
        self.num_updates.add_(1)
        self._step += 1

    def check(self, batch_size: int, num_images: int) -> None:
        """Raise ValueError if a global batch is larger than the queue."""
        if batch_size > len(self):
            raise ValueError(
                f'a global batch of {batch_size} images does not fit a queue of length={len(self)}: '
                'lower the batch size or raise the length'
            )

    def _permutation(self) -> Tensor:
        """Draw the order ``[length]`` of this step."""
        generator = torch.Generator(self.feats.device).manual_seed(derived_seed(self.seed, self._step))
        return torch.randperm(len(self), generator=generator, device=self.feats.device)

    def _load_from_state_dict(self, *args: Any) -> None:
        super()._load_from_state_dict(*args)
        self._step = int(self.num_updates)
