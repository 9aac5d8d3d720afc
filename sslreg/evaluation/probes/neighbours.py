"""Exact nearest neighbours in a bank of any size: by faiss if it is installed, else a tile of the bank at a time.

The bank may be divided over ranks. An example: 50,000 queries, k = 200, 1,280,000 entries of width 1,536 (7.9 GB) and 8
GPUs. Each GPU holds 1 GB of the bank; fetching all of it would take 0.4 s at 20 GB/s. Products and top-k, 197 TFLOP,
are shared equally, as they would be if the queries were divided. In return every rank receives the tops of the others,
50,000 x 200 x 8 x 12 bytes = 1 GB: some milliseconds between the GPUs of one machine, a second over a slow network.
"""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather
from mmengine.logging import print_log
from torch import Tensor

SEARCHED_QUERIES = 512  # queries searched at a time
TILE_BYTES = 2 * 2**20  # bytes of similarities held at a time on the CPU
TILE_BYTES_CUDA = 512 * 2**20
GATHERED = 8192  # queries whose tops are exchanged at a time


class Neighbours(NamedTuple):
    """Most similar entries of each of M queries, best first: ``similarity [M, k]`` and ``entry [M, k]``."""

    similarity: Tensor
    entry: Tensor


def nearest(queries: Tensor, bank: Tensor, k: int) -> Neighbours:
    """Find the entries of ``bank [N, C]`` with the largest dot product with each of ``queries [M, C]``, exactly.

    Memory is that of the result and a tile of similarities, for a bank of any size. The search depends on the device
    and on faiss being installed, and is logged once. Equally similar entries are in the order of the bank.

    Raises:
        ValueError: The bank has fewer than k entries, or features are not finite.
    """
    if len(bank) < k:
        raise ValueError(f'a bank of {len(bank)} has no {k} neighbours: lower k')
    return _checked(_search(queries, bank, k))


def nearest_over_ranks(queries: Tensor, shard: Tensor, first: int, k: int) -> Neighbours:
    """Find neighbours like :func:`nearest` in a bank that is divided over ranks; collective, equal on all ranks.

    Args:
        queries: ``[M, C]``, the same on all ranks.
        shard: This rank's entries ``[n, C]``; n may be smaller than k, and 0.
        first: Number of the first of these entries; shards are in the order of the ranks.
        k: Number of neighbours, at most the number of all entries.

    Raises:
        ValueError: Features are not finite; raised on all ranks.
    """
    parts = [_gathered(_search(part, shard, min(k, len(shard))), first, k) for part in queries.split(GATHERED)]
    found = Neighbours(*map(torch.cat, zip(*parts, strict=True)))
    return _checked(found)


def _gathered(local: Neighbours, first: int, k: int) -> Neighbours:
    """Return the k best neighbours among those of all ranks."""
    padding = (0, k - local.entry.shape[1])
    similarity = F.pad(local.similarity, padding, value=-torch.inf)
    entry = F.pad(local.entry + first, padding)
    tops = torch.cat(all_gather(similarity), dim=1), torch.cat(all_gather(entry), dim=1)
    return _in_order(Neighbours(*tops), k)


def _search(queries: Tensor, bank: Tensor, k: int) -> Neighbours:
    """Search a bank; features that are not finite give similarities that are not a number.

    A search may return any of the entries that are as similar as the k-th. If the next one is equally similar,
    :func:`by_order` repeats the search.
    """
    if not k:
        return Neighbours(queries.new_empty(len(queries), 0), queries.new_empty(len(queries), 0, dtype=torch.long))
    search = select(bank)
    parts = []
    for part in queries.split(SEARCHED_QUERIES):
        found = search(part, bank, min(k + 1, len(bank)))
        found = Neighbours(found.similarity.masked_fill(found.entry < 0, torch.nan), found.entry)
        best = _in_order(found, k)
        tied = (found.similarity[:, k - 1 :].diff(dim=1) == 0).any(dim=1)
        if tied.any():
            for values, repeated in zip(best, by_order(part[tied], bank, k), strict=True):
                values[tied] = repeated
        parts.append(best)
    return Neighbours(*map(torch.cat, zip(*parts, strict=True)))


def _in_order(found: Neighbours, k: int) -> Neighbours:
    """Sort by similarity, equal ones by number; return the first k."""
    order = found.entry.argsort(dim=1)
    order = order.gather(1, found.similarity.gather(1, order).argsort(dim=1, descending=True, stable=True)[:, :k])
    return Neighbours(found.similarity.gather(1, order), found.entry.gather(1, order))


def _checked(found: Neighbours) -> Neighbours:
    if not found.similarity.isfinite().all():
        raise ValueError('features of the queries or the bank are not finite: did the training diverge?')
    return found


def select(bank: Tensor) -> Callable[[Tensor, Tensor, int], Neighbours]:
    """Return the search for ``bank [N, C]``: faiss is for float32 on the CPU."""
    if bank.device.type != 'cpu':
        search = by_tops
    else:
        search = by_faiss if bank.dtype == torch.float32 and find_spec('faiss') else by_threshold
    _announce(search.__name__)
    return search


def by_threshold(queries: Tensor, bank: Tensor, k: int) -> Neighbours:
    """Search tile by tile, keeping similarities above each query's k-th best so far.

    Few exceed it after the first tiles; they are collected, and merged once they are half as many as the best.
    """
    size = _tile(queries, bank, k, TILE_BYTES)
    best = Neighbours(*(queries @ bank[:size].T).topk(k, dim=1))
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    tile = queries.new_empty(len(queries) * size)  # shared by all tiles: an allocation for each would fragment the heap
    for start in range(size, len(bank), size):
        part = bank[start : start + size]
        similarity = torch.mm(queries, part.T, out=tile[: len(queries) * len(part)].view(len(queries), -1))
        row, column = (similarity > best.similarity[:, -1:]).nonzero(as_tuple=True)
        found.append((row, column + start, similarity[row, column]))
        if sum(len(part[0]) for part in found) > len(queries) * k / 2 or start + size >= len(bank):
            best, found = _merged(best, *map(torch.cat, zip(*found, strict=True))), []
    return best


def by_tops(queries: Tensor, bank: Tensor, k: int) -> Neighbours:
    """Search tile by tile, merging the best of each, without waiting for the device."""
    size = _tile(queries, bank, k, TILE_BYTES_CUDA)
    best = Neighbours(*(queries @ bank[:size].T).topk(k, dim=1))
    for start in range(size, len(bank), size):
        similarity = queries @ bank[start : start + size].T
        top, entry = similarity.topk(min(k, similarity.shape[1]), dim=1)
        best = _best_of(best, top, entry + start)
    return best


def by_faiss(queries: Tensor, bank: Tensor, k: int) -> Neighbours:
    """Search by faiss (``pip install faiss-cpu``), with as many threads as torch has; float32 on the CPU."""
    import faiss

    faiss.omp_set_num_threads(torch.get_num_threads())
    found = faiss.knn(queries.numpy(), bank.numpy(), k, metric=faiss.METRIC_INNER_PRODUCT)
    return Neighbours(*map(torch.from_numpy, found))


def by_order(queries: Tensor, bank: Tensor, k: int) -> Neighbours:
    """Search by sorting whole tiles, which finds the first of equally similar entries; slow."""
    size = _tile(queries, bank, k, TILE_BYTES)
    best = Neighbours(queries.new_empty(len(queries), 0), queries.new_empty(len(queries), 0, dtype=torch.long))
    for start in range(0, len(bank), size):
        similarity = queries @ bank[start : start + size].T
        entry = torch.arange(start, start + similarity.shape[1], device=bank.device).expand_as(similarity)
        both = torch.cat([best.similarity, similarity], dim=1), torch.cat([best.entry, entry], dim=1)
        values, place = both[0].sort(dim=1, descending=True, stable=True)
        best = Neighbours(values[:, :k], both[1].gather(1, place[:, :k]))
    return best


def _tile(queries: Tensor, bank: Tensor, k: int, budget: int) -> int:
    """Return the number of entries of a tile."""
    return max(budget // (len(queries) * bank.element_size()), k)


def _merged(best: Neighbours, row: Tensor, entry: Tensor, similarity: Tensor) -> Neighbours:
    """Merge entries that were found for the queries ``row``, each ``[n]``, into ``best``."""
    order = row.argsort(stable=True)
    row, entry, similarity = row[order], entry[order], similarity[order]
    counts = row.bincount(minlength=len(best.entry))
    place = torch.arange(len(row)) - (counts.cumsum(0) - counts)[row]
    shape = (len(counts), int(counts.max()))
    values = similarity.new_full(shape, -torch.inf).index_put((row, place), similarity)
    return _best_of(best, values, entry.new_zeros(shape).index_put((row, place), entry))


def _best_of(best: Neighbours, similarity: Tensor, entry: Tensor) -> Neighbours:
    """Return the k best among ``best`` and others ``[M, n]``."""
    values, place = torch.cat([best.similarity, similarity], dim=1).topk(best.entry.shape[1], dim=1)
    return Neighbours(values, torch.cat([best.entry, entry], dim=1).gather(1, place))


@cache
def _announce(search: str) -> None:
    print_log(f'nearest neighbours: {search}', logger='current')
