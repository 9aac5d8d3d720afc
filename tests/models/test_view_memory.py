"""The view-memory loss against the paper's formula, written plainly in tests/reference/massl.py."""

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sslreg.models import QueueMemory, Recall, ViewMemoryCELoss, ViewMemoryHead
from sslreg.models.ops import view_memory_loss
from sslreg.models.ops.attention import streamed_attention
from sslreg.registry import MODELS
from tests.reference import massl

# Worked by hand: raw similarities of one image with 4 memory entries, permuted into 2 blocks of 2
TEACHER, STUDENT, PERMUTATION = [0.5, -0.2, 0.1, 0.9], [0.4, 0.0, 0.2, 0.7], [2, 0, 3, 1]


def unit(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return F.normalize(torch.randn(*shape, dtype=dtype), dim=-1)


def build(teacher_temp: float = 0.07) -> ViewMemoryHead:
    return ViewMemoryHead(loss=dict(type='ViewMemoryCELoss'), student_temp=0.1, teacher_temp=teacher_temp)


def golden(num_blocks: int) -> float:
    """The loss where memory rows are the axes, so that embeddings are similarities; view 0 has no query."""
    memory = torch.eye(4, dtype=torch.float64)[PERMUTATION].unflatten(0, (num_blocks, -1))
    teacher, student = (torch.tensor(x, dtype=torch.float64).view(1, 1, 4) for x in (TEACHER, STUDENT))
    queries = torch.cat([torch.zeros_like(student), student])
    return build().loss(queries, teacher, Recall(memory))['loss'].item()


def test_golden_values():
    assert golden(num_blocks=2) == pytest.approx(0.06720792, abs=1e-8)
    assert golden(num_blocks=1) == pytest.approx(0.06576610, abs=1e-8)


@pytest.mark.parametrize('views', [2, 3, 12])
@pytest.mark.parametrize('batch', [1, 5])
@pytest.mark.parametrize('blocks', [(1, 7), (3, 4)])
@pytest.mark.parametrize('teacher_temp', [0.04, 0.07])
@pytest.mark.parametrize('dtype, tolerance', [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_equals_the_plain_formula_in_value_and_gradient(views, batch, blocks, teacher_temp, dtype, tolerance):
    queries, keys, memory = unit(views, batch, 6), unit(2, batch, 6), unit(*blocks, 6)
    expected_at = queries.clone().requires_grad_()
    expected = massl.view_memory_loss(expected_at, keys, memory, 0.1, teacher_temp)
    expected.backward()

    queries = queries.to(dtype).requires_grad_()
    loss = build(teacher_temp).loss(queries, keys.to(dtype), Recall(memory.to(dtype)))['loss']
    loss.backward()
    assert loss.dtype == dtype
    assert abs(loss.double() - expected) <= tolerance * max(expected.item(), 1)
    difference = (queries.grad.double() - expected_at.grad).abs().max()
    assert difference <= tolerance * max(expected_at.grad.abs().max().item(), 1)


def test_is_the_logarithm_of_the_block_length_when_collapsed():
    """All embeddings equal, the memory too: both sides are uniform and nothing moves the student."""
    one = unit(1, 1, 6)
    queries = one.expand(4, 3, 6).clone().requires_grad_()
    losses = build().loss(queries, one.expand(2, 3, 6), Recall(one.expand(2, 16, 6)))
    losses['loss'].backward()
    assert losses['loss'].item() == pytest.approx(math.log(16))
    assert losses['teacher_entropy'].item() == pytest.approx(math.log(16))
    assert losses['query_std'].item() == pytest.approx(0, abs=1e-6)
    assert queries.grad.abs().max() < 1e-12


def test_query_std_is_one_for_embeddings_all_over_the_sphere():
    losses = build().loss(unit(2, 4096, 16), unit(1, 4096, 16), Recall(unit(1, 4, 16)))
    assert losses['query_std'] == pytest.approx(1, abs=0.01)


def test_only_queries_get_a_gradient():
    queries, keys, memory = (unit(*shape).requires_grad_() for shape in ((3, 2, 4), (2, 2, 4), (1, 5, 4)))
    build().loss(queries, keys, Recall(memory.detach()))['loss'].backward()
    assert queries.grad is not None
    assert keys.grad is None


def test_stays_finite_at_low_temperatures():
    head = ViewMemoryHead(loss=dict(type='ViewMemoryCELoss'), student_temp=1e-3, teacher_temp=1e-3)
    queries = unit(3, 2, 4, dtype=torch.float32).requires_grad_()
    recall = Recall(unit(1, 5, 4, dtype=torch.float32))
    loss = head.loss(queries, unit(2, 2, 4, dtype=torch.float32), recall)['loss']
    loss.backward()
    assert loss.isfinite()
    assert queries.grad.isfinite().all()


def test_is_computed_in_float32_under_autocast():
    queries, keys, memory = (unit(*s, dtype=torch.float32) for s in ((3, 4, 8), (2, 4, 8), (2, 8, 8)))
    with torch.autocast('cpu', torch.bfloat16):
        loss = build().loss(queries, keys, Recall(memory))['loss']
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, build().loss(queries, keys, Recall(memory))['loss'], rtol=0, atol=0)


def test_names_what_cannot_be_compared():
    loss = ViewMemoryCELoss()
    with pytest.raises(ValueError, match='1 student views and 1 teacher views'):
        loss(unit(1, 2, 4), unit(1, 2, 4), unit(1, 5, 4))
    with pytest.raises(ValueError, match='queries 4, keys 4 and memory 3'):
        loss(unit(3, 2, 4), unit(2, 2, 4), unit(1, 5, 3))
    with pytest.raises(ValueError, match='student_temp=0'):
        ViewMemoryHead(loss=dict(type='ViewMemoryCELoss'), student_temp=0)


@pytest.mark.parametrize('chunk_size', [1, 3, 100])
@pytest.mark.parametrize('drawn', [False, True])
def test_chunks_and_the_order_of_entries_change_nothing(chunk_size, drawn):
    queries, keys, memory = unit(4, 3, 6) * 10, unit(2, 3, 6) * 20, unit(14, 6)
    order = torch.randperm(14).view(2, 7)
    expected = ViewMemoryCELoss()(queries, keys, memory[order])
    entries = (memory, order) if drawn else (memory[order], None)
    attention = partial(streamed_attention, chunk_size=chunk_size)
    terms = view_memory_loss(queries, keys, *entries, attention=attention)
    torch.testing.assert_close(terms.loss, expected, atol=1e-13, rtol=0)


def test_what_the_pass_tells_of_the_teacher():
    queries, keys, memory = unit(3, 5, 6), unit(2, 5, 6), unit(2, 8, 6)
    terms = build(0.07).loss(queries, keys, Recall(memory))
    weights = torch.einsum('bd,nkd->nbk', keys[1] / 0.07, memory).softmax(dim=-1)
    torch.testing.assert_close(terms['teacher_entropy'], -(weights * weights.log()).sum(dim=-1).mean())
    torch.testing.assert_close(terms['teacher_max_prob'], weights.amax(dim=-1).mean())
    other = torch.einsum('bd,nkd->nbk', queries[0], memory).argmax(dim=-1)
    assert terms['agreement'].item() == pytest.approx((weights.argmax(dim=-1) == other).double().mean().item())


def test_a_memory_read_in_place_gives_the_same_blocks():
    memory = QueueMemory(length=24, feat_dim=4, num_blocks=3)
    queries, keys = unit(3, 2, 4, dtype=torch.float32), unit(2, 2, 4, dtype=torch.float32)
    recall = memory.read(torch.arange(2))
    copy, in_place = (build().loss(queries, keys, each) for each in (Recall(recall.blocks), recall))
    for name, value in copy.items():
        assert value.equal(in_place[name]), name


def test_differentiating_twice_is_refused():
    queries = unit(3, 2, 4).requires_grad_()
    loss = ViewMemoryCELoss()(queries, unit(2, 2, 4), unit(1, 5, 4))
    with pytest.raises(RuntimeError, match='cannot be differentiated twice'):
        torch.autograd.grad(loss, queries, create_graph=True)


class OwnLoss(nn.Module):
    """A user's, of logits that autograd keeps."""

    def forward(self, queries: Tensor, keys: Tensor, blocks: Tensor) -> Tensor:
        return (queries @ blocks[0].T).square().mean() + keys.sum() * 0


def test_a_loss_of_ones_own_gets_blocks():
    MODELS.register_module(module=OwnLoss, force=True)
    head = ViewMemoryHead(loss=dict(type='OwnLoss'))
    queries = unit(3, 2, 4).requires_grad_()
    losses = head.loss(queries, unit(2, 2, 4), Recall(unit(1, 5, 4)))
    losses['loss'].backward()
    assert set(losses) == {'loss', 'query_std'}
