"""Attention kernels over parts of a memory against streamed products; kernels of a GPU are emulated on the CPU."""

from collections.abc import Iterator
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from sslreg.models.ops import attention, view_memory_loss
from sslreg.models.ops.attention import Plan, fused_attention, make_plan, streamed_attention

WIDTH, LENGTH = 256, 16384  # of the published runs
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')


def unit(*shape: int) -> Tensor:
    return F.normalize(torch.randn(*shape, dtype=torch.float64), dim=-1)


def plain(queries: Tensor, entries: Tensor) -> tuple[Tensor, Tensor]:
    logits = queries @ entries.mT
    return logits.softmax(dim=-1) @ entries, logits.logsumexp(dim=-1)


def flash_for_cpu(queries: Tensor, entries: Tensor) -> tuple[Tensor, Tensor]:
    queries, entries = queries[:, None], entries[:, None]
    mean, log_sum = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(queries, entries, entries, scale=1.0)
    return mean[:, 0], log_sum[:, 0]


def halved(queries: Tensor, entries: Tensor) -> tuple[Tensor, Tensor]:
    """Attend like a kernel: products and sums in float32, weights and means rounded to the dtype of the input."""
    dtype, queries, entries = entries.dtype, queries.float(), entries.float()
    logits = queries @ entries.mT
    weights = (logits - logits.amax(dim=-1, keepdim=True)).exp()
    mean = weights.to(dtype).float() @ entries / weights.sum(dim=-1, keepdim=True)
    return mean.to(dtype), logits.logsumexp(dim=-1)


@pytest.mark.parametrize('plan', [Plan(1, 1, 1), Plan(1, 3, 3), Plan(4, 4, 1), Plan(4, 3, 1), Plan(4, 8, 2)])
@pytest.mark.parametrize('drawn', [False, True])
@pytest.mark.parametrize('kernel', [plain, flash_for_cpu])
def test_parts_are_merged_exactly(plan, drawn, kernel):
    queries, memory = unit(7, 8) * 25, unit(50, 8)
    order = torch.randperm(50)[:36].view(3, 12)
    entries = (memory, order) if drawn else (memory[order], None)
    watched = torch.tensor([0, 2, 6])
    found = fused_attention(queries, *entries, watched, kernel, plan, dtype=torch.float64)
    for name, expected in streamed_attention(queries, *entries, watched, chunk_size=5)._asdict().items():
        torch.testing.assert_close(getattr(found, name), expected, atol=1e-12, rtol=0)


def gradient(queries: Tensor, keys: Tensor, memory: Tensor, order: Tensor, by: attention.Attention) -> Tensor:
    queries = queries.clone().requires_grad_()
    view_memory_loss(queries, keys, memory, order, by).loss.backward()
    return queries.grad


def error(teacher_temp: float, queries: Tensor, by: attention.Attention, device: str = 'cpu') -> float:
    """Relative error of the gradient at the published sizes; queries are random, or near to entries."""
    memory, order = unit(2 * LENGTH, WIDTH), torch.randperm(2 * LENGTH).view(2, LENGTH)
    queries = F.normalize(queries + memory[: queries.shape[1]], dim=-1)
    inputs = queries / 0.1, queries[:2].flip(1) / teacher_temp, memory
    expected = gradient(*inputs, order, streamed_attention)
    found = gradient(*(x.float().to(device) for x in inputs), order.to(device), by)
    return ((found.cpu() - expected).norm() / expected.norm()).item()


def half_precision(dtype: torch.dtype) -> attention.Attention:
    return partial(fused_attention, kernel=halved, plan=Plan(8, 16, 2), dtype=dtype)


@pytest.mark.parametrize('teacher_temp', [0.04, 0.07])
@pytest.mark.parametrize('spread', [0.05, 1.0])
def test_fp16_is_exact_enough_and_bf16_is_not(teacher_temp, spread):
    queries = spread * torch.randn(4, 4, WIDTH, dtype=torch.float64)
    assert error(teacher_temp, queries, half_precision(torch.float16)) < 5e-4
    assert error(teacher_temp, queries, half_precision(torch.bfloat16)) > 5e-4


def test_fp16_tells_the_same_of_the_teacher():
    queries, keys, memory = unit(4, 4, WIDTH) / 0.1, unit(2, 4, WIDTH) / 0.04, unit(2, LENGTH, WIDTH)
    expected = view_memory_loss(queries, keys, memory)
    found = view_memory_loss(queries.float(), keys.float(), memory.float(), attention=half_precision(torch.float16))
    for name, value in expected._asdict().items():
        torch.testing.assert_close(getattr(found, name).double(), value, atol=2e-4, rtol=2e-4)


@pytest.mark.parametrize('num_queries', [1, 42, 448, 896, 5000, 100_000])
@pytest.mark.parametrize('length', [1, 6, 997, 16384, 65536, 65537, 1_000_000])
def test_a_plan_cuts_blocks_evenly_and_keeps_to_its_memory(num_queries, length):
    plan = make_plan(num_queries, length, most=40_000, num_processors=132)
    assert length % plan.parts == 0
    assert min(plan) >= 1
    assert plan.together * length // plan.parts <= 40_000 or plan.together == 1
    assert length // plan.parts >= min(length, attention.SHORTEST_PART)


def test_a_plan_fills_the_device():
    """896 queries are 7 tiles: 16 parts, of two blocks, are 112 tiles for 132 processors."""
    assert make_plan(896, 16384, most=43_690, num_processors=132) == Plan(parts=8, together=18, blocks=2)


@pytest.mark.parametrize('kernel', [attention.flash_attention, attention.cudnn_attention])
def test_kernels_are_called_by_their_schema(kernel):
    """Shapes only: on the meta device nothing is computed."""
    queries, entries = (torch.empty(3, n, WIDTH, dtype=torch.float16, device='meta') for n in (42, 64))
    mean, log_sum = kernel(queries, entries)
    assert (mean.shape, mean.dtype) == ((3, 42, WIDTH), torch.float16)
    assert (log_sum.shape, log_sum.dtype) == ((3, 42), torch.float32)


@pytest.fixture
def fresh() -> Iterator[None]:
    """Nothing has been chosen yet."""
    for function in (attention._kernel, attention._announce):
        function.cache_clear()
    yield
    attention._kernel.cache_clear()


@pytest.mark.usefixtures('fresh')
@pytest.mark.parametrize(
    'capability, cudnn, flash, expected',
    [
        ((9, 0), True, True, attention.cudnn_attention),
        ((9, 0), False, True, attention.flash_attention),
        ((10, 0), True, True, attention.flash_attention),
        ((8, 0), True, True, attention.flash_attention),
        ((7, 0), False, False, None),
    ],
)
def test_the_kernel_is_the_fastest_that_the_device_has(monkeypatch, capability, cudnn, flash, expected):
    monkeypatch.setattr(torch.cuda, 'get_device_capability', lambda device: capability)
    monkeypatch.setattr(torch.backends.cuda, 'can_use_cudnn_attention', lambda case: cudnn)
    monkeypatch.setattr(torch.backends.cuda, 'can_use_flash_attention', lambda case: flash)
    assert attention._kernel(torch.device('meta'), WIDTH) is expected


@pytest.mark.usefixtures('fresh')
def test_the_choice_is_logged_once(monkeypatch):
    lines: list[str] = []
    monkeypatch.setattr(attention, 'print_log', lambda line, logger: lines.append(line))
    for _ in range(2):
        assert attention.choose_attention(torch.zeros(4, 8)) is streamed_attention
    assert lines == ['view-memory loss on cpu, width 8, torch.float32: streamed products']


@needs_cuda
@pytest.mark.parametrize('kernel', [attention.flash_attention, attention.cudnn_attention])
@pytest.mark.parametrize('teacher_temp', [0.04, 0.07])
def test_kernels_of_the_device_are_exact_enough(kernel, teacher_temp):
    if kernel is attention.cudnn_attention and torch.cuda.get_device_capability() != (9, 0):
        pytest.skip('cuDNN attention is chosen on Hopper only')
    queries = torch.randn(12, 4, WIDTH, dtype=torch.float64)
    assert error(teacher_temp, queries, partial(fused_attention, kernel=kernel), 'cuda') < 5e-4


@needs_cuda
def test_streaming_on_the_device_is_exact():
    queries, memory = unit(42, 264), unit(3, 500, 264)
    watched = torch.arange(4)
    found = attention.choose_attention(queries.cuda())(queries.cuda(), memory.cuda(), None, watched.cuda())
    for name, expected in streamed_attention(queries, memory, None, watched)._asdict().items():
        torch.testing.assert_close(getattr(found, name).cpu(), expected, atol=1e-10, rtol=0)
