"""The instance memory."""

from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, broadcast, get_rank, get_world_size
from torch import Tensor

from sslreg.arguments import Bounds, PositiveInt, checked
from sslreg.models.recall import Recall
from sslreg.registry import MEMORIES
from sslreg.utils.dist import check_equal_batches, gathered
from sslreg.utils.seeds import derived_seed

from .base import BaseMemory

Init = Literal['network', 'random']


@MEMORIES.register_module()
class InstanceMemory(BaseMemory):
    """Memory of a moving average of each training image's embeddings (NPID, arXiv 1805.01978, section 3).

    ``w_i <- norm(m w_i + (1 - m) z_i)`` for the images i of a step; an image that occurs more than once in the global
    batch adds all its z. It recalls all entries, or those of the global batch and random others.

    Args:
        length: Number of training images.
        feat_dim: Width D of an entry.
        momentum: Share m of the entry that is kept, the papers' m (an EMATeacher's momentum is 1 - m).
        num_negatives: Number of entries of other images that are recalled beside those of the global batch, drawn anew
            for every step without repetition; None recalls all entries.
        sharded: Whether each of W ranks holds length / W entries instead of all; except for the random start the
            results are the same. Checkpoints hold all entries, so a run can resume with another number of ranks, or
            without sharding. Each step waits for the device, to find the images with an entry on this rank.
        seed: Seed of the negatives.
        init: How the entries start: ``'random'`` directions, or ``'network'``, the embeddings of the untrained network
            (arXiv 2404.19289), which adds ``MemoryInitHook``.

    Raises:
        ValueError: ``momentum`` is not in [0, 1); ``num_negatives`` is not in [1, length), or given for a sharded
            memory; more ranks than entries; ``init`` is unknown.
    """

    by_image = True
    num_updates: Tensor

    @checked
    def __init__(
        self,
        length: PositiveInt,
        feat_dim: PositiveInt,
        momentum: Annotated[float, Bounds(least=0, below=1)] = 0.5,  # the share of an entry that is kept
        num_negatives: PositiveInt | None = None,
        sharded: bool = False,
        seed: int = 0,
        init: Init = 'random',
    ) -> None:
        if num_negatives is not None and num_negatives >= length:
            raise ValueError(f'num_negatives={num_negatives} must be less than length={length}; None recalls all')
        if num_negatives is not None and sharded:
            raise ValueError(f'num_negatives={num_negatives}: a sharded memory recalls all entries, so leave it out')
        self.first, last = _share(length, get_rank(), get_world_size()) if sharded else (0, length)
        if sharded and length < get_world_size():
            raise ValueError(f'length={length}: each of {get_world_size()} ranks must hold an entry')
        super().__init__(last - self.first, feat_dim)
        self.length = length
        self.momentum = momentum
        self.num_negatives = num_negatives
        self.sharded = sharded
        self.seed = seed
        if init == 'network':
            self.required_hooks = (*self.required_hooks, 'MemoryInitHook')
        if sharded:  # not in state_dict(), which MMEngine takes for equal on all ranks; see whole()
            generator = torch.Generator().manual_seed(int(torch.randint(2**31, ())) + get_rank())
            start = torch.randn(self.feats.shape, generator=generator)
            self.register_buffer('feats', F.normalize(start, dim=1), persistent=False)
        self.register_buffer('num_updates', torch.tensor(0))
        self._step = 0  # `num_updates` as the host knows it

    def __len__(self) -> int:
        return self.length

    def read(self, indices: Tensor) -> Recall:
        """Recall one block of all entries, or of the global batch's and random others."""
        entries, target, _ = self.recalled(indices)
        return Recall(entries, target=target, first=self.first if self.sharded else None)

    def write(self, feats: Tensor, indices: Tensor) -> None:
        """Move the entries of the global batch's images towards their embeddings."""
        rows, pull = self.held(indices, feats)
        self.feats[rows] = self.moved(self.feats[rows], rows, pull)
        self.count_update()

    @torch.no_grad()
    def assign(self, feats: Tensor, indices: Tensor) -> None:
        """Set the entries of all ranks' images, without averaging; the last rank wins for an image of several ranks.

        Args:
            feats: ``[B, D]`` unit-norm embeddings of this rank's images, B the same on all ranks.
            indices: ``[B]`` dataset index of each image.
        """
        check_equal_batches(len(indices))
        of_ranks = all_gather(indices.contiguous()), all_gather(feats.to(self.feats.dtype).contiguous())
        for batch, embeddings in zip(*of_ranks, strict=True):
            rows, entries = self.held(batch, embeddings)
            self.feats[rows] = entries

    def check(self, batch_size: int, num_images: int) -> None:
        """Raise ValueError unless there is an entry per image, and as many entries as a step recalls."""
        if num_images != len(self):
            raise ValueError(
                f'the memory has an entry for each of length={len(self)} images, the training set has {num_images}: '
                f'set model.memory.length={num_images}'
            )
        if self.num_negatives is not None and self.num_negatives + batch_size > len(self):
            raise ValueError(
                f'num_negatives={self.num_negatives} and a global batch of {batch_size} are more than the '
                f'{len(self)} entries: lower one of them, or set model.memory.num_negatives=None to recall all'
            )

    def check_indices(self, indices: Tensor) -> None:
        """Raise IndexError if an image has no entry; ``indices [B]`` are on the host."""
        lowest, highest = indices.aminmax()
        if lowest < 0 or highest >= len(self):
            raise IndexError(
                f'images {int(lowest)} to {int(highest)} (sample_idx) of a batch do not fit a memory of '
                f'length={len(self)}: it must be the length of the training set'
            )

    def whole(self) -> dict[str, Tensor]:
        """Gather all entries of a sharded memory onto rank 0's CPU; empty on other ranks. Collective."""
        if not self.sharded:
            return {}
        parts = []
        for rank in range(get_world_size()):
            first, last = _share(len(self), rank, get_world_size())
            part = self.feats.clone() if rank == get_rank() else self.feats.new_empty(last - first, self.feats.shape[1])
            broadcast(part, src=rank)
            if get_rank() == 0:
                parts.append(part.cpu())
        return dict(feats=torch.cat(parts)) if parts else {}

    def whole_shapes(self) -> dict[str, torch.Size]:
        """Return the shape of all entries of a sharded memory."""
        return dict(feats=torch.Size((len(self), self.feats.shape[1]))) if self.sharded else {}

    def recalled(self, indices: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return the recalled entries ``[K, D]``, the column ``[B]`` of each image's own, and the entries' places.

        If all entries are recalled, they are the buffer itself, and the last is None. Else they are a copy of some, and
        the last their places ``[K]`` in the memory.
        """
        if self.num_negatives is None:
            return self.feats, indices, None
        columns, target = self._drawn(indices, self.num_negatives)
        return self.feats[columns], target, columns

    def held(self, indices: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        """Return the rows of the images with an entry on this rank, and the values that belong to these images."""
        if not self.sharded:
            return indices, *values
        rows = indices - self.first
        held = ((rows >= 0) & (rows < len(self.feats))).nonzero().flatten()
        return rows[held], *(value[held] for value in values)

    def moved(self, entries: Tensor, rows: Tensor, pull: Tensor, push: Tensor | None = None) -> Tensor:
        """Compute ``norm(m w + (1 - m) (pull - push))`` of entries ``[G, D]``; pulls of equal rows ``[G]`` add up.

        ``push [G, D]`` is the same for equal rows up to rounding; equal rows get exactly the same result.
        """
        if not len(rows):  # none of the images has its entry on this rank
            return entries
        same = rows[:, None] == rows
        change = same.to(pull.dtype) @ pull
        if push is not None:
            change -= push
        moved = F.normalize(self.momentum * entries + (1 - self.momentum) * change, dim=1)
        return moved[same.to(torch.uint8).argmax(dim=1)]  # the result of the first of equal rows

    def _drawn(self, indices: Tensor, num_negatives: int) -> tuple[Tensor, Tensor]:
        """Draw the global batch's entries and others ``[K]``, alike on every rank; and the columns of ``indices``.

        K is fixed and no entry occurs twice, also where the batch repeats an image; nothing waits for the device.
        """
        (batch,) = gathered(indices)
        generator = torch.Generator(batch.device).manual_seed(derived_seed(self.seed, self._step))
        order = torch.rand(len(self), generator=generator, device=batch.device)
        order[batch] = order[batch] - 2  # before all others
        columns = order.topk(len(batch) + num_negatives, largest=False).indices
        place = torch.empty_like(order, dtype=torch.long)
        place[columns] = torch.arange(len(columns), device=batch.device)
        return columns, place[indices]

    def count_update(self) -> None:
        """Count a step after which the memory has changed."""
        self.num_updates.add_(1)
        self._step += 1

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        if self.sharded:
            feats, shape = state_dict.pop(f'{prefix}feats', None), self.whole_shapes()['feats']
            if feats is None or feats.shape != shape:
                found = None if feats is None else list(feats.shape)
                raise ValueError(
                    f'{prefix}feats of a sharded memory must be all its entries {list(shape)}, the state has {found}: '
                    'save checkpoints by PlainCheckpointHook, which puts them together'
                )
            self.feats.copy_(feats[self.first : self.first + len(self.feats)])
        super()._load_from_state_dict(state_dict, prefix, *args)
        self._step = int(self.num_updates)


def _share(length: int, rank: int, world_size: int) -> tuple[int, int]:
    """Return the first entry of a rank and the one after its last."""
    return length * rank // world_size, length * (rank + 1) // world_size
