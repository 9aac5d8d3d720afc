"""The protocol that every memory follows."""

from abc import abstractmethod
from typing import NamedTuple, final

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather
from mmengine.model import BaseModule
from torch import Tensor


class MemoryBlocks(NamedTuple):
    """What a memory recalls for one step.

    Attributes:
        feats: ``[N, K, D]`` N blocks of K unit-norm entries; a copy, never a view of the buffer.
        target: ``[B]`` column (0..K-1) of each image's own entry, or None where a memory has no such entry.
    """

    feats: Tensor
    target: Tensor | None = None


class BaseMemory(BaseModule):
    """A buffer of unit-norm embeddings that is recalled before the loss and written after it.

    A subclass defines :meth:`read` and :meth:`write`. Everything that a resumed run needs is in buffers. The buffers
    are equal on all ranks: MMEngine broadcasts them once after ``init_weights``, :meth:`update` gathers the global
    batch before it writes, and whatever is random in a memory is drawn alike everywhere.

    Args:
        length: Number of entries.
        feat_dim: Width D of an entry.
    """

    feats: Tensor

    def __init__(self, length: int, feat_dim: int) -> None:
        super().__init__()
        for name, value in (('length', length), ('feat_dim', feat_dim)):
            if value < 1:
                raise ValueError(f'{name}={value} must be at least 1')
        # The published start: directions drawn uniformly from the sphere (arXiv 2407.17486, released code).
        self.register_buffer('feats', F.normalize(torch.randn(length, feat_dim), dim=1))

    def __len__(self) -> int:
        return self.feats.shape[0]

    @abstractmethod
    def read(self, indices: Tensor) -> MemoryBlocks:
        """Recall entries for the images of this rank.

        Args:
            indices: ``[B]`` dataset index of each image.
        """

    @abstractmethod
    def write(self, feats: Tensor, indices: Tensor) -> None:
        """Store the global batch, the same on every rank.

        Args:
            feats: ``[B*W, D]`` unit-norm float32 embeddings of all W ranks, rank by rank.
            indices: ``[B*W]`` dataset index of each image.
        """

    @final
    @torch.no_grad()
    def update(self, feats: Tensor, indices: Tensor) -> None:
        """Gather a batch over the ranks, then :meth:`write` it.

        Args:
            feats: ``[B, D]`` unit-norm embeddings of this rank's images.
            indices: ``[B]`` dataset index of each image.

        Raises:
            ValueError: ``feats`` and ``indices`` do not fit each other or the memory.
        """
        if feats.shape != (len(indices), self.feats.shape[1]):
            raise ValueError(
                f'feats {list(feats.shape)} must be [{len(indices)}, {self.feats.shape[1]}]: one row for '
                "each of the indices, as wide as the memory (the neck's out_channels)"
            )
        gathered = all_gather(feats.detach().float().contiguous())
        self.write(torch.cat(gathered), torch.cat(all_gather(indices.contiguous())))

    def check(self, batch_size: int, num_images: int) -> None:
        """Raise ValueError, before training starts, if the memory does not fit the run.

        Args:
            batch_size: Images in a global batch, over all ranks.
            num_images: Length of the training set.
        """
