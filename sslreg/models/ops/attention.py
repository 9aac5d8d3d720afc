"""Attention of queries over blocks of a memory; the entries are both keys and values.

:func:`streamed_attention` is matrix products with a running maximum, for any device, width and dtype. On a CUDA device
:func:`fused_attention` passes fp16 entries (bf16 is too coarse for unit rows) to an attention kernel that returns the
log-sum-exp: cuDNN's on Hopper, where it is up to twice as fast at width 256, else flash attention.
:func:`choose_attention` chooses between them. ``flex_attention(return_lse=True)`` is not used: it would compile a
kernel for the same work.
"""

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any, NamedTuple

import torch
from mmengine.logging import print_log
from mmengine.utils import digit_version
from torch import Tensor

from . import chunks

ENTRIES_BYTES = 2**26  # bytes of entries gathered at a time, as stored and in fp16: 43,000 of width 256
TILE = 128  # queries that a multiprocessor of the device handles at a time
SHORTEST_PART = 256  # entries of a part; with fewer, merging would dominate
FIRST_TORCH = '2.8'  # the first with fp16 products accumulated and returned in float32


class Attended(NamedTuple):
    """Attention of R queries over N blocks.

    Attributes:
        mean: ``[R, D]`` mean of a block's entries, weighted by a query's softmax, summed over the N blocks.
        log_sum: ``[N, R]`` log-sum-exp of the logits.
        highest: ``[N, W]`` largest logit of the W watched queries.
        best: ``[N, W]`` place in the block of the entry with the largest logit.
    """

    mean: Tensor
    log_sum: Tensor
    highest: Tensor
    best: Tensor


# Takes queries [R, D], entries [N, K, D] (with an order [N, K]: [L, D]), the order, and rows [W] of watched queries.
Attention = Callable[[Tensor, Tensor, Tensor | None, Tensor], Attended]
# Takes queries [p, R, D] and entries [p, n, D]; returns means [p, R, D] and log-sum-exp [p, R], float32 or float64.
Kernel = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class Plan(NamedTuple):
    """Partition of the blocks for a kernel, so that its tiles fill the device.

    Attributes:
        parts: Number of equal parts of a block.
        together: Number of parts in one call of the kernel.
        blocks: Number of whole blocks that are merged at a time.
    """

    parts: int
    together: int
    blocks: int


def choose_attention(queries: Tensor) -> Attention:
    """Return the fastest attention for ``queries [R, D]``, and log the choice once.

    A kernel that is switched off (``torch.backends.cuda.enable_cudnn_sdp(False)``, ``enable_flash_sdp(False)``) before
    the first use is not chosen.
    """
    kernel = _kernel(queries.device, queries.shape[1]) if _may_fuse(queries) else None
    _announce(queries.device.type, queries.shape[1], queries.dtype, kernel)
    return streamed_attention if kernel is None else partial(fused_attention, kernel=kernel)


def streamed_attention(
    queries: Tensor, entries: Tensor, order: Tensor | None, watched: Tensor, chunk_size: int | None = None
) -> Attended:
    """Attend chunk by chunk with a running maximum, in the queries' dtype; see :data:`Attention`."""
    size = chunk_size or chunks.chunk_size(queries)
    blocks = entries if order is None else order
    return _collect(queries, (_stream(queries, entries, block, watched, size) for block in blocks))


def fused_attention(
    queries: Tensor,
    entries: Tensor,
    order: Tensor | None,
    watched: Tensor,
    kernel: Kernel,
    plan: Plan | None = None,
    dtype: torch.dtype = torch.float16,
) -> Attended:
    """Attend with a kernel to parts of the blocks, and merge the parts by their log-sum-exp, which is exact.

    Args:
        queries: ``[R, D]`` float32, divided by the temperature, which must be above 2e-5 for them to fit fp16.
        entries: ``[N, K, D]``, or with ``order`` ``[L, D]``.
        order: ``[N, K]`` rows of ``entries`` that make up the blocks.
        watched: ``[W]`` queries whose largest logits are wanted. Kernels do not return them, so these products are
            computed a second time.
        kernel: The attention kernel.
        plan: Partition of the blocks; None: fitted to the device.
        dtype: Dtype of the kernel's arguments.
    """
    blocks = entries if order is None else order
    plan = plan or fitted_plan(len(queries), blocks.shape[1], queries.shape[1], entries.dtype, queries.device)
    repeated = queries.to(dtype).expand(plan.together, -1, -1).contiguous()  # not all kernels take a stride of 0
    bundles = (bundle.unflatten(1, (plan.parts, -1)) for bundle in blocks.split(plan.blocks))
    return _collect(queries, (_fuse(repeated, entries, parts, watched, kernel) for parts in bundles))


def make_plan(num_queries: int, length: int, most: int, num_processors: int) -> Plan:
    """Cut blocks of ``length`` entries so that calls of at most ``most`` entries fill the device's multiprocessors.

    Each multiprocessor handles a tile of queries at a time, so a call should have about as many tiles, over all its
    parts, as there are multiprocessors: 896 queries are 7 tiles, and 18 parts fill 126 of 132 multiprocessors. Parts
    are equal, so a length with few divisors is cut into fewer parts than would be best.

    Args:
        num_queries: Number of queries.
        length: Entries of a block.
        most: Largest number of entries in a call.
        num_processors: Number of multiprocessors of the device.
    """
    together = max(num_processors // -(-num_queries // TILE), 1)
    longest = max(most // together, SHORTEST_PART)
    equal = [n for n in range(1, max(length // SHORTEST_PART, 1) + 1) if length % n == 0]
    parts = next((n for n in equal if length // n <= longest), equal[-1])
    together = max(min(together, most * parts // length), 1)
    return Plan(parts, together, max(together // parts, 1))


@cache
def fitted_plan(num_queries: int, length: int, width: int, dtype: torch.dtype, device: torch.device) -> Plan:
    """Return :func:`make_plan`'s plan for entries of a width and dtype on a CUDA device."""
    most = ENTRIES_BYTES // (width * (dtype.itemsize + torch.float16.itemsize))
    return make_plan(num_queries, length, most, torch.cuda.get_device_properties(device).multi_processor_count)


def flash_attention(queries: Tensor, entries: Tensor) -> tuple[Tensor, Tensor]:
    """Run flash attention, which takes fp16 on Ampere and later; see :data:`Kernel`."""
    queries, entries = queries[:, None], entries[:, None]  # one head
    mean, log_sum, *_ = torch.ops.aten._scaled_dot_product_flash_attention(queries, entries, entries, scale=1.0)
    return mean[:, 0], log_sum[:, 0]


def cudnn_attention(queries: Tensor, entries: Tensor) -> tuple[Tensor, Tensor]:
    """Run cuDNN's attention; see :data:`Kernel`."""
    queries, entries = queries[:, None], entries[:, None]
    mean, log_sum, *_ = torch.ops.aten._scaled_dot_product_cudnn_attention(
        queries, entries, entries, None, compute_log_sumexp=True, scale=1.0
    )
    return mean[:, 0], log_sum.reshape(queries.shape[:-1])[:, 0]  # it comes as [P, 1, R, 1]


def _may_fuse(queries: Tensor) -> bool:
    return (
        queries.is_cuda
        and queries.dtype == torch.float32  # float64 asks for more than fp16
        and queries.shape[1] % 8 == 0
        and digit_version(torch.__version__) >= digit_version(FIRST_TORCH)
    )


@cache
def _kernel(device: torch.device, width: int) -> Kernel | None:
    """Return the fastest kernel of this device and build of torch for entries of a width, or None."""
    probe = torch.empty(1, 1, TILE, width, dtype=torch.float16, device=device)
    case = torch.backends.cuda.SDPAParams(probe, probe, probe, None, 0.0, False, False)
    hopper = torch.cuda.get_device_capability(device) == (9, 0)  # elsewhere flash is as fast or faster
    if hopper and torch.backends.cuda.can_use_cudnn_attention(case):
        return cudnn_attention
    return flash_attention if torch.backends.cuda.can_use_flash_attention(case) else None


@cache
def _announce(device: str, width: int, dtype: torch.dtype, kernel: Any) -> None:
    name = 'streamed products' if kernel is None else kernel.__name__
    print_log(f'view-memory loss on {device}, width {width}, {dtype}: {name}', logger='current')


def _collect(queries: Tensor, seen: Iterable[Attended]) -> Attended:
    """Combine per-block results."""
    mean, others = torch.zeros_like(queries), []
    for some in seen:
        mean += some.mean
        others.append(some[1:])
    log_sum, highest, best = map(torch.cat, zip(*others, strict=True))
    return Attended(mean, log_sum.to(mean.dtype), highest.to(mean.dtype), best)


def _stream(queries: Tensor, entries: Tensor, block: Tensor, watched: Tensor, size: int) -> Attended:
    """Attend to one block."""
    highest = torch.full((len(queries), 1), -torch.inf, dtype=queries.dtype, device=queries.device)
    total, mean, best = torch.zeros_like(highest), torch.zeros_like(queries), torch.zeros_like(watched)
    for number, chunk in enumerate(block.split(size)):
        rows = _entries(entries, chunk).to(queries.dtype)
        logits = queries @ rows.T
        value, place = logits[watched].max(dim=1)
        best = torch.where(value > highest[watched, 0], place + number * size, best)
        top = torch.maximum(highest, logits.amax(dim=1, keepdim=True))
        weights = logits.sub_(top).exp_()
        kept = (highest - top).exp_()
        total = total * kept + weights.sum(dim=1, keepdim=True)
        mean.mul_(kept).addmm_(weights, rows)
        highest = top
    return Attended(mean.div_(total), (highest + total.log()).T, highest[watched].T, best[None])


def _fuse(queries: Tensor, entries: Tensor, parts: Tensor, watched: Tensor, kernel: Kernel) -> Attended:
    """Attend to n blocks in s parts each.

    Args:
        queries: ``[p, R, D]``: a copy for each part of a call.
        entries: The memory ``[L, D]``, if ``parts`` are places in it.
        parts: Places ``[n, s, K/s]`` in the memory, or the entries themselves ``[n, s, K/s, D]``.
        watched: ``[W]`` queries whose largest logits are wanted.
        kernel: The attention kernel.
    """
    calls = parts.flatten(0, 1).split(len(queries))
    means, *others = zip(*(_call(queries, entries, part, watched, kernel) for part in calls), strict=True)
    log_sums, highest, places = (torch.cat(each).unflatten(0, parts.shape[:2]) for each in others)
    log_sum = log_sums.logsumexp(dim=1, keepdim=True)  # [n, 1, R] of [n, s, R]
    weights = (log_sums - log_sum).exp().flatten(0, 1)[..., None].split(len(queries))
    mean = torch.stack([(mean * weight).sum(dim=0) for mean, weight in zip(means, weights, strict=True)]).sum(dim=0)
    top, part = highest.max(dim=1, keepdim=True)  # [n, 1, W] of [n, s, W]
    return Attended(mean, log_sum[:, 0], top[:, 0], (places.gather(1, part) + part * parts.shape[2])[:, 0])


def _call(
    queries: Tensor, entries: Tensor, part: Tensor, watched: Tensor, kernel: Kernel
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Call the kernel for p parts; return ``[p, R, D]``, ``[p, R]``, and largest logits and places ``[p, W]``."""
    rows = _entries(entries, part).to(queries.dtype)
    mean, log_sum = kernel(queries[: len(rows)], rows)
    logits = _products(queries[0, watched], rows.flatten(0, 1)).unflatten(1, rows.shape[:2])
    highest, place = logits.max(dim=2)
    return mean, log_sum, highest.T, place.T


def _products(queries: Tensor, rows: Tensor) -> Tensor:
    """Multiply ``[W, D], [n, D] -> [W, n]`` in float32 at least: in fp16 many of the largest would be equal."""
    if queries.is_cuda and queries.dtype == torch.float16:
        return torch.mm(queries, rows.T, out_dtype=torch.float32)
    dtype = torch.promote_types(queries.dtype, torch.float32)
    return queries.to(dtype) @ rows.to(dtype).T


def _entries(entries: Tensor, chosen: Tensor) -> Tensor:
    """Return ``chosen [.., D]`` if these are entries, else the entries at the places ``[..]``, as ``[.., D]``."""
    if chosen.is_floating_point():
        return chosen
    return entries.index_select(0, chosen.flatten()).unflatten(0, chosen.shape)
