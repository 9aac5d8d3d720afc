"""Recalls of a memory: entries in place until the memory is written, or a copy that stays."""

import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import sslreg.models
from sslreg.models import (
    BaseMemory,
    CorrectedInstanceMemory,
    InstanceHead,
    InstanceMemory,
    LearningRecall,
    QueueMemory,
    Recall,
    ViewMemoryHead,
)
from sslreg.models.ops import instance_loss
from sslreg.models.teacher import start_teacher
from sslreg.registry import MEMORIES, MODELS
from tests import toy

ADD_A_MEMORY = Path(__file__).parents[2] / 'docs/add_a_memory.md'
INDICES = torch.arange(2)


def unit(*shape: int) -> torch.Tensor:
    return F.normalize(torch.randn(*shape), dim=-1)


@pytest.mark.parametrize(
    ('recall', 'expected'),
    [
        (Recall, [[0, 1, 2, 3]]),
        (lambda entries: Recall(entries.view(2, 2, 1)), [[0, 1], [2, 3]]),
        (lambda entries: Recall(entries, order=torch.tensor([[3, 0], [1, 1]])), [[3, 0], [1, 1]]),
    ],
    ids=['one block', 'blocks', 'order'],
)
def test_blocks_are_a_copy_that_outlives_the_memory(recall, expected):
    entries = torch.arange(4.0)[:, None]
    found = recall(entries)
    assert found.num_blocks == len(expected)
    assert found.entries.data_ptr() == entries.data_ptr()
    blocks = found.blocks
    entries.zero_()
    assert blocks[..., 0].tolist() == expected
    assert found.blocks is blocks


@pytest.mark.parametrize('shape, order', [((3,), None), ((2, 2, 2, 2), None), ((2, 2, 2), torch.arange(2)[None])])
def test_entries_of_another_shape_are_refused(shape, order):
    with pytest.raises(ValueError, match=re.escape(f'entries {list(shape)} must be')):
        Recall(torch.zeros(shape), order=order)


MEMORY = {
    'queue': lambda: QueueMemory(length=8, feat_dim=4, num_blocks=2),
    'in order': lambda: QueueMemory(length=8, feat_dim=4, shuffle=False),
    'instance': lambda: InstanceMemory(length=8, feat_dim=4),
}


@pytest.mark.parametrize('build', MEMORY.values(), ids=MEMORY)
@pytest.mark.parametrize(
    'use', [lambda recall: recall.entries, lambda recall: recall.blocks], ids=['entries', 'blocks']
)
def test_a_recall_is_refused_after_the_memory_was_written(build, use):
    memory = build()
    recall = memory.read(INDICES)
    use(memory.read(INDICES))
    memory.update(unit(2, 4), INDICES)
    with pytest.raises(RuntimeError, match=r'written after read\(\)'):
        use(recall)
    use(memory.read(INDICES))


def test_a_recall_under_inference_mode_has_its_entries():
    memory = InstanceMemory(length=8, feat_dim=4, num_negatives=4)
    with torch.inference_mode():
        recall = memory.read(INDICES)
        assert recall.blocks.equal(recall.entries)


@pytest.mark.filterwarnings('ignore')  # of the compiler's own
def test_a_compiled_loss_that_copies_is_the_same():
    torch.compiler.reset()
    memory, head = QueueMemory(length=6, feat_dim=4), ViewMemoryHead(dict(type=PlainLoss))
    queries, recall = unit(2, 3, 4), memory.read(INDICES)
    expected = head.loss(queries, queries, recall)['loss']
    compiled = torch.compile(lambda x: head.loss(x, x, memory.read(INDICES))['loss'], backend='aot_eager')
    torch.testing.assert_close(compiled(queries), expected)
    torch.compiler.reset()


def test_a_softmax_can_be_learned_once():
    memory = CorrectedInstanceMemory(length=8, feat_dim=4)
    recall = memory.read(INDICES)
    instance_loss(unit(1, 2, 4), recall, 0.2)
    assert recall.finished
    assert memory.num_updates == 1
    with pytest.raises(RuntimeError, match=r'written after read\(\)'):
        instance_loss(unit(1, 2, 4), recall, 0.2)


@pytest.mark.parametrize('rows', ['all', 'batch'])
def test_a_learning_recall_refuses_calls_out_of_order(rows):
    memory = CorrectedInstanceMemory(length=8, feat_dim=4, rows=rows)
    recall = memory.read(INDICES)
    before = memory.feats.clone()
    with pytest.raises(RuntimeError, match=r'learn\(\) was called before begin\(\)'):
        recall.learn(0, torch.ones(2, 8) / 8)
    with pytest.raises(RuntimeError, match=r'finish\(\) was called before begin\(\)'):
        recall.finish()
    assert memory.feats.equal(before)
    recall.begin(unit(2, 4), unit(2, 4), INDICES, torch.zeros(2), 0.2)
    recall.finish()
    for call in (recall.finish, lambda: recall.learn(0, torch.ones(2, 8) / 8)):
        with pytest.raises(RuntimeError, match=r'was called after finish\(\)'):
            call()


INSTANCE = dict(teacher=None, num_key_views=1)
CORRECTED = dict(type='CorrectedInstanceMemory', length=6, feat_dim=4)


class UnfinishedHead(InstanceHead):
    """Begins to tell a memory the softmax and forgets the rest."""

    def loss(self, queries, keys, recall, labels=None):
        recall.begin(queries[0].detach(), queries[0].detach(), recall.target, torch.zeros(len(recall.target)), 0.2)
        return dict(loss=queries.sum())


@pytest.mark.parametrize(
    'head', [dict(type='ViewMemoryHead', loss=dict(type='ViewMemoryCELoss')), dict(type=UnfinishedHead)], ids=str
)
def test_a_memory_that_was_not_told_the_softmax_stops_the_step(head):
    model = MODELS.build(toy.model(memory=CORRECTED, head=head, **INSTANCE))
    with pytest.raises(RuntimeError, match='CorrectedInstanceMemory learns .* did not give it: use InstanceHead'):
        model.loss([torch.randn(3, 3, 8, 8)] * 2, torch.arange(3))


def test_a_step_with_a_learning_memory_moves_it_once():
    model = MODELS.build(toy.model(memory=CORRECTED, head=dict(type='InstanceHead'), **INSTANCE))
    assert isinstance(model.memory.read(torch.arange(3)), LearningRecall)
    before = model.memory.feats.clone()
    model.loss([torch.randn(3, 3, 8, 8)], torch.arange(3))
    assert model.memory.num_updates == 1
    assert (model.memory.feats - before).abs().amax(dim=1).min() > 0


class PlainLoss(nn.Module):
    """A user's loss that keeps what it is given for the backward pass."""

    def forward(self, queries, keys, blocks):
        return -(queries @ blocks[0].T).log_softmax(dim=-1).mean()


def test_a_loss_that_keeps_the_entries_has_the_gradient_of_before_the_update():
    memory, head = QueueMemory(length=6, feat_dim=4), ViewMemoryHead(dict(type=PlainLoss))
    queries = unit(2, 3, 4).requires_grad_()
    expected = head.loss(queries, queries.detach(), Recall(memory.read(INDICES).blocks))['loss']
    (expected,) = torch.autograd.grad(expected, queries)
    loss = head.loss(queries, queries.detach(), memory.read(INDICES))['loss']
    memory.update(unit(3, 4), torch.arange(3))
    assert torch.autograd.grad(loss, queries)[0].equal(expected)


class TensorMemory(BaseMemory):
    def read(self, indices):
        return self.feats

    def write(self, feats, indices):
        pass


def test_a_memory_that_gives_no_recall_is_told_the_form():
    model = MODELS.build(toy.model(memory=dict(type=TensorMemory, length=6, feat_dim=4)))
    start_teacher(model)
    with pytest.raises(TypeError, match=r'TensorMemory.read\(\) gave Tensor, .* `return Recall\(self.feats\)`'):
        model.loss([torch.randn(3, 3, 8, 8)] * 3, torch.arange(3))


def test_the_earlier_form_is_told_the_new_one():
    with pytest.raises(ImportError, match=r'MemoryBlocks is now Recall: .* `return Recall\(self.feats\)`'):
        from sslreg.models import MemoryBlocks
    with pytest.raises(ImportError, match='MemoryBlocks is now Recall'):
        from sslreg.models.memories import MemoryBlocks  # noqa: F401
    assert not hasattr(sslreg.models, 'NoSuchName')


@pytest.mark.parametrize('loss', [dict(type='ViewMemoryCELoss'), dict(type=PlainLoss)], ids=['in place', 'copy'])
def test_the_memory_of_the_documentation_trains_as_it_stands_there(loss):
    code = re.findall(r'```python\n(.*?)```', ADD_A_MEMORY.read_text(), re.DOTALL)[0]
    assert len(code.splitlines()) <= 28
    try:
        exec(compile(code, str(ADD_A_MEMORY), 'exec'), {})
        memory = dict(type='RandomMemory', length=16, feat_dim=4)
        model = MODELS.build(toy.model(memory=memory, head=dict(type='ViewMemoryHead', loss=loss)))
    finally:
        MEMORIES._module_dict.pop('RandomMemory', None)
    start_teacher(model)
    before = model.memory.feats.clone()
    for step in range(2):
        model.loss([torch.randn(3, 3, 8, 8) for _ in range(3)], torch.arange(3))['loss'].backward()
        assert model.memory.num_updates == step + 1
    assert 3 <= (model.memory.feats != before).any(dim=1).sum() <= 6
