"""Exact nearest neighbours in a bank of any size, a tile of it at a time."""

from typing import NamedTuple

import torch
from torch import Tensor

QUERIES = 512  # at a time
TILE_BYTES = 2 * 2**20  # of similarities at a time on the CPU
TILE_BYTES_CUDA = 512 * 2**20


class Neighbours(NamedTuple):
    """The k most similar entries of each of M queries, best first: ``similarity [M, k]`` and ``entry [M, k]``."""

    similarity: Tensor
    entry: Tensor


def nearest(queries: Tensor, bank: Tensor, k: int) -> Neighbours:
    """Entries of ``bank [N, C]`` of the largest dot product with each of ``queries [M, C]``, exactly.

    A tile of similarities is compared with each query's k-th best so far, which few exceed after the first tiles; only
    those are sorted in. Beside the result it needs a tile of similarities, whatever the size of the bank.

    Raises:
        ValueError: The bank has fewer than k entries.
    """
    if len(bank) < k:
        raise ValueError(f'a bank of {len(bank)} has no {k} neighbours')
    parts = [_nearest(part, bank, k) for part in queries.split(QUERIES)]
    return Neighbours(*map(torch.cat, zip(*parts, strict=True)))


def _nearest(queries: Tensor, bank: Tensor, k: int) -> Neighbours:
    budget = TILE_BYTES_CUDA if bank.is_cuda else TILE_BYTES
    size = max(budget // (len(queries) * bank.element_size()), k)
    best = Neighbours(*(queries @ bank[:size].T).topk(k, dim=1))
    for start in range(size, len(bank), size):
        similarity = queries @ bank[start : start + size].T
        found = _tops(similarity, k) if bank.is_cuda else _above(similarity, best.similarity[:, -1:])
        both = torch.cat([best.similarity, found.similarity], dim=1)
        index = torch.cat([best.entry, found.entry + start], dim=1)
        values, place = both.topk(k, dim=1)
        best = Neighbours(values, index.gather(1, place))
    return best


def _tops(similarity: Tensor, k: int) -> Neighbours:
    """The best of a tile ``[M, n]``; without waiting for the device to count anything."""
    return Neighbours(*similarity.topk(min(k, similarity.shape[1]), dim=1))


def _above(similarity: Tensor, threshold: Tensor) -> Neighbours:
    """Those of a tile ``[M, n]`` that exceed the query's ``threshold [M, 1]``, filled up with -inf."""
    row, column = (similarity > threshold).nonzero(as_tuple=True)
    counts = row.bincount(minlength=len(similarity))
    place = torch.arange(len(row), device=row.device) - (counts.cumsum(0) - counts)[row]
    shape = (len(similarity), int(counts.max()))
    values = similarity.new_full(shape, -torch.inf).index_put((row, place), similarity[row, column])
    return Neighbours(values, row.new_zeros(shape).index_put((row, place), column))
