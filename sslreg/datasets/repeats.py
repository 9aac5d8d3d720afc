"""Images that come more than once in an epoch: their occurrence numbers, from the sampler to the views.

The sampler alone knows how often an image has come. It gives a repeated image as a :class:`RepeatedIndex`, and
:class:`OccurrenceFetch` makes the number known while the dataset reads the image, through any wrappers.
"""

from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from itertools import islice
from typing import Any

import numpy as np
import torch
from mmengine.dataset import ClassBalancedDataset, RepeatDataset
from mmengine.dist import all_gather, get_rank, get_world_size
from torch.utils.data import ConcatDataset, DataLoader, IterableDataset, Subset

CHUNK = 65536  # indices drawn at a time from a sampler without a length
_occurrence: ContextVar[int] = ContextVar('occurrence', default=0)


class RepeatedIndex(int):
    """Index of an image that has come before.

    Attributes:
        occurrence: How often the image has come before, from 1.
    """

    occurrence: int

    def __new__(cls, index: int, occurrence: int) -> 'RepeatedIndex':
        """Return the index with its occurrence."""
        made = super().__new__(cls, index)
        made.occurrence = occurrence
        return made

    def __reduce__(self) -> tuple[type, tuple[int, int]]:
        return RepeatedIndex, (int(self), self.occurrence)


def current_occurrence(index: Any = 0) -> int:
    """Return how often the image that is being read has come before.

    Args:
        index: Index of the image, as the dataset got it.
    """
    return getattr(index, 'occurrence', 0) or _occurrence.get()


class OccurrenceFetch:
    """``__getitems__`` of a dataset, which a loader calls: reads each image with its occurrence set.

    Args:
        dataset: The loader's dataset.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __call__(self, indices: Sequence[int]) -> Any:
        """Return the items of a batch."""
        batched = getattr(type(self.dataset), '__getitems__', None)
        if batched is not None and not any(isinstance(index, RepeatedIndex) for index in indices):
            return batched(self.dataset, indices)
        return [self._item(index) for index in indices]

    def _item(self, index: int) -> Any:
        if not isinstance(index, RepeatedIndex):
            return self.dataset[index]
        token = _occurrence.set(index.occurrence)
        try:
            return self.dataset[int(index)]
        finally:
            _occurrence.reset(token)


class OccurrenceSampler:
    """Sampler that gives the indices of another one, and repeated images as :class:`RepeatedIndex`.

    Images are counted from the start of each iteration, over all ranks together: position by position, and by rank at
    one position. So each view of an image differs, and the views do not depend on the number of ranks.

    Args:
        sampler: The sampler of this rank.
        images: ``[N]`` number of the image at each index, see :func:`image_numbers`.
    """

    def __init__(self, sampler: Any, images: np.ndarray) -> None:
        self.sampler = sampler
        self.images = images

    def __len__(self) -> int:
        return len(self.sampler)

    def __getattr__(self, name: str) -> Any:
        if name == 'sampler':  # not yet set, while it is unpickled
            raise AttributeError(name)
        return getattr(self.sampler, name)

    def __iter__(self) -> Iterator[int]:
        indices = iter(self.sampler)
        size = max(len(self.sampler) if hasattr(self.sampler, '__len__') else CHUNK, 1)
        seen = np.zeros(int(self.images.max(initial=-1)) + 1, np.int64)
        while chunk := list(islice(indices, size)):
            numbers = self.images[np.asarray(chunk)]
            occurrences = _own_occurrences(numbers, seen)
            if not occurrences.any():
                yield from chunk
                continue
            for index, times in zip(chunk, occurrences.tolist(), strict=True):
                yield RepeatedIndex(index, times) if times else index


def count_repeats(loader: DataLoader[Any]) -> None:
    """Let all views of an image that comes several times in an epoch of a loader differ.

    Views that are drawn from a key (:func:`set_view_key`) then depend on the occurrence of the image, too. A run with
    :class:`EpochSeedHook` does this at its start; call it once in a loop of your own.

    Args:
        loader: The loader; its ``batch_sampler.sampler`` and the dataset's ``__getitems__`` are replaced.
    """
    batches: Any = loader.batch_sampler
    dataset: Any = loader.dataset
    if isinstance(dataset, IterableDataset) or isinstance(
        getattr(batches, 'sampler', None), (OccurrenceSampler, type(None))
    ):
        return
    batches.sampler = OccurrenceSampler(batches.sampler, image_numbers(dataset))
    if not hasattr(dataset, 'reads_occurrences'):
        dataset.__getitems__ = OccurrenceFetch(dataset)


def counts_repeats(dataset: Any) -> bool:
    """Return whether the views of a dataset depend on occurrences, by :func:`count_repeats`."""
    return isinstance(getattr(dataset, '__dict__', {}).get('__getitems__'), OccurrenceFetch)


def image_numbers(dataset: Any) -> np.ndarray:
    """Return the number of the image at each index ``[N]``; indices of one image have the same number.

    Args:
        dataset: A dataset with a length. Without a wrapper of :func:`through_wrappers` each index is an image.
    """
    firsts: dict[int, int] = {}  # number of the first image of each innermost dataset, by its id
    total = 0

    def numbers(innermost: Any) -> np.ndarray:
        nonlocal total
        if id(innermost) not in firsts:
            firsts[id(innermost)] = total
            total += len(innermost)
        return firsts[id(innermost)] + np.arange(len(innermost))

    return through_wrappers(dataset, numbers)


def count_images(dataset: Any) -> int:
    """Return the number of different images of a dataset, in which wrappers may repeat images."""
    return len(np.unique(image_numbers(dataset)))


def through_wrappers(dataset: Any, values: Callable[[Any], np.ndarray]) -> np.ndarray:
    """Return a value for each index of a dataset ``[N]`` from the values of the datasets inside it.

    The wrappers are those of torch (concatenation, subset) and of MMEngine (concatenation, repetition, class balance).

    Args:
        dataset: A dataset.
        values: Function of an innermost dataset: the value for each of its indices.
    """
    if isinstance(dataset, ConcatDataset):
        return np.concatenate([through_wrappers(each, values) for each in dataset.datasets])
    if isinstance(dataset, Subset):
        return through_wrappers(dataset.dataset, values)[np.asarray(dataset.indices, dtype=np.int64)]
    if isinstance(dataset, RepeatDataset):
        return np.resize(through_wrappers(dataset.dataset, values), len(dataset))
    if isinstance(dataset, ClassBalancedDataset):
        return through_wrappers(dataset.dataset, values)[np.asarray(dataset.repeat_indices, dtype=np.int64)]
    return values(dataset)


def _own_occurrences(numbers: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return how often each image of this rank has come before ``[n]``, and count the images of all ranks.

    Args:
        numbers: ``[n]`` images that come next on this rank.
        seen: ``[N]`` how often each image has come so far; changed in place.
    """
    everywhere = _of_all_ranks(numbers)
    counts = np.bincount(everywhere[everywhere >= 0], minlength=len(seen))
    if counts.max(initial=0) <= 1 and not seen.any():
        seen += counts
        return np.zeros(len(numbers), np.int64)
    flat = everywhere.ravel()  # position by position
    order = flat.argsort(kind='stable')
    ordered = flat[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    lengths = np.diff(np.append(starts, len(ordered)))
    within = np.empty_like(order)
    within[order] = np.arange(len(ordered)) - np.repeat(starts, lengths)
    own = within.reshape(everywhere.shape)[: len(numbers), get_rank()] + seen[numbers]
    seen += counts
    return own


def _of_all_ranks(numbers: np.ndarray) -> np.ndarray:
    """Return the images of all ranks, ``[n, W]``, with -1 where a rank has fewer than another."""
    if get_world_size() == 1:
        return numbers[:, None]
    longest = max(int(each) for each in all_gather(torch.tensor(len(numbers))))
    padded = torch.full((longest,), -1, dtype=torch.long)
    padded[: len(numbers)] = torch.from_numpy(numbers)
    return torch.stack(all_gather(padded), dim=1).cpu().numpy()
