"""The protocol that every memory follows."""

from abc import abstractmethod
from typing import final

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor

from sslreg.arguments import PositiveInt, checked
from sslreg.models.recall import Recall
from sslreg.utils.dist import gathered


class BaseMemory(BaseModule):
    """A buffer of unit-norm embeddings that is recalled before the loss and written after it.

    A subclass defines :meth:`read` and :meth:`write`. Everything that a resumed run needs is in buffers. The buffers
    are equal on all ranks: MMEngine broadcasts them once after ``init_weights``, :meth:`update` gathers the global
    batch before it writes, and random numbers of a memory are drawn alike on all ranks.

    Args:
        length: Number of entries.
        feat_dim: Width D of an entry.
    """

    feats: Tensor
    # Whether each rank holds a part of the entries; then `feats` is not in the state and `whole` is collective.
    sharded = False
    # Whether entries belong to images, which are known by their `sample_idx`.
    by_image = False
    # Hooks that are registered for training unless the config lists them.
    required_hooks: tuple[str, ...] = ('MemoryCheckHook',)

    @checked
    def __init__(self, length: PositiveInt, feat_dim: PositiveInt) -> None:
        super().__init__()
        # The published start: directions drawn uniformly from the sphere (arXiv 2407.17486, released code).
        self.register_buffer('feats', F.normalize(torch.randn(length, feat_dim), dim=1))

    def __len__(self) -> int:
        return self.feats.shape[0]

    @abstractmethod
    def read(self, indices: Tensor) -> Recall:
        """Recall entries for the images of this rank, e.g. ``return Recall(self.feats)``. No copy is needed.

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
            ValueError: The shapes of ``feats`` and ``indices`` do not fit each other or the memory; or, on the CPU, the
                ranks have batches of different size.
        """
        if feats.shape != (len(indices), self.feats.shape[1]):
            raise ValueError(
                f'feats {list(feats.shape)} must be [{len(indices)}, {self.feats.shape[1]}]: one row for '
                "each of the indices, as wide as the memory (the neck's out_channels)"
            )
        self.write(*gathered(feats.detach().to(self.feats.dtype), indices))

    def whole(self) -> dict[str, Tensor]:
        """Return tensors that a checkpoint holds beside ``state_dict()``, on rank 0's CPU. Every rank must call it."""
        return {}

    def whole_shapes(self) -> dict[str, torch.Size]:
        """Return the shapes of :meth:`whole`, on any rank and without communication."""
        return {}

    def check_indices(self, indices: Tensor) -> None:
        """Raise IndexError if an image has no entry in a memory with an entry per image.

        Args:
            indices: ``[B]`` dataset index of each image, on the host.
        """

    def check(self, batch_size: int, num_images: int) -> None:
        """Raise ValueError, before training starts, if the memory does not fit the run.

        Args:
            batch_size: Images in a global batch, over all ranks.
            num_images: Length of the training set.
        """
