"""The losses in what surrounds them in training: compiled models, autocast, accumulation, a scaled loss."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sslreg.models import InstanceHead, Recall, ViewMemoryHead

VIEWS, IMAGES, WIDTH = 4, 3, 6
Loss = Callable[[Tensor], Tensor]  # of embeddings [V, B, D]


def view_memory() -> Loss:
    head: Any = ViewMemoryHead(dict(type='ViewMemoryCELoss'))
    keys, memory = unit(2, IMAGES, WIDTH), Recall(unit(2, 20, WIDTH))
    return lambda queries: head.loss(queries, keys, memory)['loss']


def instance() -> Loss:
    head: Any = InstanceHead(losses=[dict(type='SqrtKLLoss')])
    memory = Recall(unit(1, 20, WIDTH), target=torch.arange(IMAGES))
    return lambda queries: head.loss(queries, queries, memory)['loss']


def unit(*shape: int) -> Tensor:
    return F.normalize(torch.randn(*shape), dim=-1)


@pytest.fixture(params=[view_memory, instance], ids=['view_memory', 'instance'])
def loss(request: pytest.FixtureRequest) -> Loss:
    return request.param()


@pytest.fixture
def queries() -> Tensor:
    return unit(VIEWS, IMAGES, WIDTH).requires_grad_()


@pytest.fixture
def recompiled() -> Iterator[None]:
    torch.compiler.reset()
    yield
    torch.compiler.reset()


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, WIDTH))

    def forward(self, images: Tensor) -> Tensor:
        return F.normalize(self.layers(images), dim=-1)


def gradients(encoder: nn.Module, value: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(value, list(encoder.parameters())))


INDUCTOR = pytest.param(
    'inductor', marks=[pytest.mark.slow, pytest.mark.skipif(shutil.which('g++') is None, reason='needs a compiler')]
)


@pytest.mark.usefixtures('recompiled')
@pytest.mark.filterwarnings('ignore')  # of the compiler's own
@pytest.mark.parametrize('backend', ['aot_eager', INDUCTOR])
@pytest.mark.parametrize('whole', [False, True], ids=['encoder', 'whole'])
def test_a_compiled_model_has_the_same_loss_and_gradient(loss, backend, whole):
    encoder, images = Encoder(), torch.randn(VIEWS, IMAGES, 8)
    expected = loss(encoder(images))
    if whole:
        value = torch.compile(lambda x: loss(encoder(x)), backend=backend)(images)
    else:
        value = loss(torch.compile(encoder, backend=backend)(images))
    torch.testing.assert_close(value, expected, atol=1e-6, rtol=1e-6)
    for found, wanted in zip(gradients(encoder, value), gradients(encoder, expected), strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-5)


def test_bfloat16_embeddings_lose_nothing_in_the_loss(loss):
    """Under autocast the loss is that of the rounded embeddings, in float32; only its gradient is rounded once."""
    rounded = unit(VIEWS, IMAGES, WIDTH).bfloat16().requires_grad_()
    wide = rounded.detach().float().requires_grad_()
    with torch.autocast('cpu', torch.bfloat16):
        value = loss(rounded.float())
    value.backward()
    expected = loss(wide)
    expected.backward()
    assert value.dtype == torch.float32
    assert value.equal(expected)
    assert rounded.grad.equal(wide.grad.bfloat16())


def test_an_encoder_under_autocast_learns(loss):
    encoder, images = Encoder(), torch.randn(VIEWS, IMAGES, 8)
    expected = gradients(encoder, loss(encoder(images)))
    with torch.autocast('cpu', torch.bfloat16):
        value = loss(encoder(images))
    assert value.dtype == torch.float32
    for found, wanted in zip(gradients(encoder, value), expected, strict=True):
        assert found.dtype == torch.float32
        assert (found - wanted).norm() < 0.1 * wanted.norm()


def test_gradients_accumulate(loss, queries):
    (single,) = torch.autograd.grad(loss(queries), queries)
    for _ in range(2):
        loss(queries).backward()
    assert queries.grad.equal(2 * single)


def test_a_scaled_loss_has_a_scaled_gradient(loss, queries):
    """A GradScaler scales losses; scaling by a power of two is exact."""
    (single,) = torch.autograd.grad(loss(queries), queries)
    (1024 * loss(queries)).backward()
    assert queries.grad.equal(1024 * single)


def test_two_losses_of_the_same_embeddings_add_up(queries):
    losses = [view_memory(), view_memory(), instance()]
    singles = [torch.autograd.grad(loss(queries), queries)[0] for loss in losses]
    sum(loss(queries) for loss in losses).backward()
    torch.testing.assert_close(queries.grad, sum(singles))


def test_a_graph_that_is_kept_gives_its_gradient_again(loss, queries):
    value = loss(queries)
    first, second = (torch.autograd.grad(value, queries, retain_graph=True)[0] for _ in range(2))
    assert first.equal(second)


def test_a_second_derivative_is_refused(loss, queries):
    with pytest.raises(RuntimeError, match='cannot be differentiated twice'):
        torch.autograd.grad(loss(queries), queries, create_graph=True)
