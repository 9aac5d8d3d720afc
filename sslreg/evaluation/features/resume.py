"""Rows for all images of a dataset, kept on disk, that go on after an interruption."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import torch
from mmengine.dist import all_reduce, barrier, broadcast, is_main_process
from mmengine.logging import print_log
from torch import Tensor

from .collect import Batch, merge
from .store import FeatureStore, Parts, combine


def make(
    store: FeatureStore,
    about: Mapping[str, dict[str, Any]],
    length: int,
    batches: Callable[[Sequence[int]], Iterator[Batch]],
) -> list[Tensor]:
    """Rows ``[length, ...]`` for each key, made of the images that an interrupted run left, and stored; collective.

    Args:
        store: Where they go.
        about: What a person may want to know of them, by their keys.
        length: Images of the dataset.
        batches: This rank's share of some images, with rows on the host for each key.
    """
    parts = store.parts(combine(*about))
    made, remaining = _resume(parts, length)
    found = merge(chain(made, parts.kept(batches(remaining))), length)
    if is_main_process():
        for (key, facts), rows in zip(about.items(), found, strict=True):
            store.save(key, rows, facts)
    barrier()  # parts are removed when the whole is there
    parts.remove()
    return found


def stored(store: FeatureStore, key: str) -> Tensor | None:
    """What the store has under a key; None unless every rank has it."""
    rows = store.load(key)
    everywhere = torch.tensor(int(rows is not None))
    all_reduce(everywhere, 'min')
    return rows if everywhere else None


def _resume(parts: Parts, length: int) -> tuple[list[Batch], list[int]]:
    """What the main process finds of an interrupted run, and which images remain, alike on all ranks."""
    made = list(parts.load()) if is_main_process() else []
    remains = torch.ones(length, dtype=torch.uint8)
    for indices, _ in made:
        remains[indices] = 0
    broadcast(remains)
    images: list[int] = remains.nonzero().flatten().tolist()
    if len(images) < length:
        print_log(f'{length - len(images):,} of {length:,} images were done before the interruption', 'current')
    return made, images
