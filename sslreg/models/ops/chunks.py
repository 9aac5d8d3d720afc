"""Sizes of the chunks of a memory."""

from torch import Tensor

CHUNK_CPU = 2**17  # logits of a chunk, 0.5 MB: it stays in the cache
CHUNK_CUDA = 2**25  # 128 MB: few kernels, each of them large
SHORTEST_CHUNK = 512  # entries: matrix products of fewer are slower by a tenth


def chunk_size(queries: Tensor) -> int:
    """Return how many entries of a memory to compare ``queries [R, D]`` with at a time, fitted to their device."""
    return max((CHUNK_CUDA if queries.is_cuda else CHUNK_CPU) // len(queries), SHORTEST_CHUNK)
