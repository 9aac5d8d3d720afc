"""Extraction with a store that continues after an interruption."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import torch
from mmengine.dist import all_reduce, barrier, broadcast, is_main_process
from mmengine.logging import print_log
from torch import Tensor

from .collect import Batch, merge
from .store import FeatureStore, Parts, combine


def extract_and_store(
    store: FeatureStore,
    about: Mapping[str, dict[str, Any]],
    length: int,
    batches: Callable[[Sequence[int]], Iterator[Batch]],
) -> list[Tensor]:
    """Extract and store rows ``[length, ...]`` for each key, except those that an interrupted run stored; collective.

    Args:
        store: Store of the rows.
        about: Facts about the rows for readers of the store, by key.
        length: Number of images of the dataset.
        batches: Function that yields this rank's share of some images, with rows on the host for each key.
    """
    parts = store.parts(combine(*about))
    made, remaining = _resume(parts, length)
    found = merge(chain(made, parts.kept(batches(remaining))), length)
    if is_main_process():
        for (key, facts), rows in zip(about.items(), found, strict=True):
            store.save(key, rows, facts)
    barrier()  # parts are removed after the rows are stored
    parts.remove()
    return found


def load_on_all_ranks(store: FeatureStore, key: str) -> Tensor | None:
    """Return the rows under a key, or None unless every rank has them."""
    rows = store.load(key)
    everywhere = torch.tensor(int(rows is not None))
    all_reduce(everywhere, 'min')
    return rows if everywhere else None


def _resume(parts: Parts, length: int) -> tuple[list[Batch], list[int]]:
    """Return the batches of an interrupted run, on the main process, and the remaining images, equal on all ranks."""
    made = list(parts.load()) if is_main_process() else []
    remains = torch.ones(length, dtype=torch.uint8)
    for indices, _ in made:
        remains[indices] = 0
    broadcast(remains)
    images: list[int] = remains.nonzero().flatten().tolist()
    if len(images) < length:
        print_log(f'{length - len(images):,} of {length:,} images were done before the interruption', 'current')
    return made, images
