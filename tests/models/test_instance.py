"""Instance discrimination: the streamed loss, the memories and their updates, against the plain form."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from sslreg.models import (
    CorrectedInstanceMemory,
    InstanceHead,
    InstanceMemory,
    Recall,
    ReleasedSqrtKLLoss,
    SqrtKLLoss,
)
from sslreg.models.ops import instance_loss
from tests.reference import npid

ROOT = 0.5**0.5
# Golden values: a memory of four entries, images 0 and 3.
ENTRIES = torch.tensor([[1.0, 0], [0, 1], [ROOT, ROOT], [-1, 0]], dtype=torch.float64)
QUERIES = torch.tensor([[0.8, 0.6], [0.6, -0.8]], dtype=torch.float64)
INDICES = torch.tensor([0, 3])
TEMP = 0.2


def unit(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return F.normalize(torch.randn(*shape, dtype=dtype), dim=-1)


def memory(cls: type[InstanceMemory], entries: Tensor, **kwargs) -> InstanceMemory:
    built = cls(len(entries), entries.shape[1], **kwargs).to(entries.dtype)
    built.feats.copy_(entries)
    return built


def step(store: InstanceMemory, queries: Tensor, indices: Tensor, temperature: float = TEMP, **kwargs) -> Tensor:
    """Recall and loss, which moves the memory, as MemorySSL does; the memory is written in the dtype of the test."""
    return instance_loss(queries[None], store.read(indices), temperature, **kwargs).loss


def test_golden_loss_and_gradient():
    for image, index, loss, grad in (
        (0, 0, 1.37454351, (-1.42375235, 2.77718153)),
        (1, 3, 6.02755590, (9.93647746, 0.08886837)),
    ):
        queries = QUERIES[image : image + 1].clone().requires_grad_()
        result = instance_loss(queries[None], Recall(ENTRIES[None], target=torch.tensor([index])), TEMP)
        result.loss.backward()
        assert result.loss.item() == pytest.approx(loss, abs=1e-7)
        torch.testing.assert_close(queries.grad[0], torch.tensor(grad, dtype=torch.float64), atol=1e-7, rtol=0)


def test_golden_moving_average():
    store = memory(InstanceMemory, ENTRIES)
    store.write(QUERIES, INDICES)
    expected = ENTRIES.clone()
    expected[0] = torch.tensor([0.9486833, 0.31622777])
    expected[3] = torch.tensor([-0.4472136, -0.89442719])
    torch.testing.assert_close(store.feats, expected, atol=1e-7, rtol=0)


@pytest.mark.parametrize('rows', ['all', 'batch'])
def test_golden_corrected_update(rows):
    store = memory(CorrectedInstanceMemory, ENTRIES, rows=rows)
    step(store, QUERIES, INDICES)
    expected = [
        (0.63716602, 0.77072658),
        (-0.07910341, 0.99686642),
        (0.4530158, 0.89150249),
        (-0.44940946, -0.89332589),
    ]
    expected = torch.tensor(expected, dtype=torch.float64)
    if rows == 'batch':
        expected[1:3] = ENTRIES[1:3]
    torch.testing.assert_close(store.feats, expected, atol=1e-7, rtol=0)


GRID = [
    dict(num_images=5, length=23, chunk_size=7),  # the last chunk is shorter
    dict(num_images=5, length=23, chunk_size=100),
    dict(num_images=1, length=9, chunk_size=4),
    dict(num_images=1, length=1, chunk_size=4),
    dict(num_images=6, length=8, chunk_size=3, repeated=True),
]
LOSSES = {
    'ce': [],
    'sqrt_kl': [dict(weight=20.0)],
    'released': [dict(weight=20.0, temperature=1.0, detach=True)],
    'reversed': [dict(weight=3.0, temperature=0.5, direction='u_p')],
}


@pytest.mark.parametrize('case', GRID, ids=str)
@pytest.mark.parametrize('losses', LOSSES.values(), ids=LOSSES.keys())
@pytest.mark.parametrize('temperature', [0.2, 0.01], ids=['', 'cold'])
@pytest.mark.parametrize('soft', [False, True], ids=['', 'soft'])
def test_loss_and_gradient_are_those_of_the_plain_form(case, losses, temperature, soft):
    num_images, length = case['num_images'], case['length']
    entries = unit(length, 6)
    queries = unit(num_images, 6).requires_grad_()
    indices = torch.randint(length, (num_images,)) if case.get('repeated') else torch.randperm(length)[:num_images]
    labels = torch.eye(num_images).double()
    labels = 0.7 * labels + 0.3 * labels[torch.randperm(num_images)] if soft else labels
    options = [dict(item) for item in losses]
    plain = npid.instance_loss(
        queries,
        entries,
        labels @ npid.one_hot(indices, length),
        temperature,
        weight=options[0]['weight'] if options else 0.0,
        kl_temperature=options[0].get('temperature', temperature) if options else 1.0,
        direction=options[0].get('direction', 'p_u') if options else 'p_u',
        detach=options[0].get('detach', False) if options else False,
    )
    (expected,) = torch.autograd.grad(plain, queries)
    result = instance_loss(
        queries[None],
        Recall(entries[None], target=indices),
        temperature,
        [SqrtKLLoss(**item) for item in options],
        labels=labels if soft else None,
        chunk_size=case['chunk_size'],
    )
    (grad,) = torch.autograd.grad(result.loss, queries)
    torch.testing.assert_close(result.loss, plain, atol=1e-12, rtol=1e-12)
    torch.testing.assert_close(grad, expected, atol=1e-12, rtol=1e-12)


def test_float32_is_as_exact_as_it_can_be():
    entries, queries, indices = unit(1000, 32), unit(16, 32), torch.arange(16)
    expected = npid.instance_loss(queries, entries, npid.one_hot(indices, 1000), TEMP, 20.0, 1.0, detach=True)
    result = instance_loss(
        queries.float()[None], Recall(entries.float()[None], target=indices), TEMP, [ReleasedSqrtKLLoss(20.0)]
    )
    assert result.loss.item() == pytest.approx(expected.item(), rel=1e-6)
    divergence = npid.sqrt_kl(queries @ entries.T).mean()  # 1e-3, the difference of terms of 7
    assert result.values['sqrt_kl'].item() == pytest.approx(divergence.item(), rel=1e-4)


def test_low_temperatures_stay_in_the_range_of_float32():
    """exp(1 / 0.005) is beyond it: logits are shifted, in the loss and in what the memory is told."""
    entries, queries, indices = unit(50, 4), unit(6, 4), torch.arange(6)
    tracked = queries.float().requires_grad_()
    store = memory(CorrectedInstanceMemory, entries.float())
    loss = instance_loss(tracked[None], store.read(indices), 0.005, [SqrtKLLoss()]).loss
    loss.backward()
    plain = queries.clone().requires_grad_()
    expected = instance_loss(plain[None], Recall(entries[None], target=indices), 0.005, [SqrtKLLoss()]).loss
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    torch.testing.assert_close(tracked.grad.double(), plain.grad, rtol=1e-3, atol=1e-2)
    moved = npid.gradient_step(queries, entries, npid.one_hot(indices, 50), 0.005, 0.5)
    torch.testing.assert_close(store.feats.double(), moved, rtol=0, atol=1e-3)


def test_several_views_are_averaged():
    entries, queries, indices = unit(12, 4), unit(3, 5, 4).requires_grad_(), torch.arange(5)
    result = instance_loss(queries, Recall(entries[None], target=indices), TEMP)
    plain = torch.stack([npid.instance_loss(view, entries, npid.one_hot(indices, 12), TEMP) for view in queries]).mean()
    torch.testing.assert_close(result.loss, plain)
    (grad,), (expected,) = (torch.autograd.grad(loss, queries) for loss in (result.loss, plain))
    torch.testing.assert_close(grad, expected, atol=1e-12, rtol=0)


def test_the_gradient_follows_what_multiplies_the_loss():
    """Loss scaling and accumulation do."""
    queries = unit(2, 4).requires_grad_()
    blocks = Recall(unit(6, 4)[None], target=torch.arange(2))
    (once,) = torch.autograd.grad(instance_loss(queries[None], blocks, TEMP).loss, queries)
    (scaled,) = torch.autograd.grad(instance_loss(queries[None], blocks, TEMP).loss * 1024, queries)
    torch.testing.assert_close(scaled, once * 1024)


def test_corrected_update_without_momentum_keeps_nothing_of_the_entries():
    entries, queries, indices = unit(11, 5), unit(4, 5), torch.arange(4)
    store = memory(CorrectedInstanceMemory, entries, momentum=0.0)
    probs = (queries @ entries.T / TEMP).softmax(dim=1)
    step(store, queries, indices)
    expected = F.normalize((npid.one_hot(indices, 11) - probs).T @ queries, dim=1)
    torch.testing.assert_close(store.feats, expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize('momentum', [0.5, 0.9])
@pytest.mark.parametrize('repeated', [False, True])
@pytest.mark.parametrize('chunk_size', [4, 100])
def test_corrected_update_is_a_gradient_step(momentum, repeated, chunk_size):
    entries, queries = unit(11, 5), unit(4, 5)
    indices = torch.tensor([3, 7, 3, 0]) if repeated else torch.tensor([3, 7, 10, 0])
    store = memory(CorrectedInstanceMemory, entries, momentum=momentum)
    step(store, queries, indices, chunk_size=chunk_size)
    expected = npid.gradient_step(queries, entries, npid.one_hot(indices, 11), TEMP, momentum)
    torch.testing.assert_close(store.feats, expected, atol=1e-12, rtol=0)


def test_corrected_update_of_mixed_images_has_their_soft_targets():
    entries, queries, indices = unit(11, 5), unit(4, 5), torch.tensor([3, 7, 10, 0])
    labels = 0.8 * torch.eye(4).double() + 0.2 * torch.eye(4).double()[[1, 2, 3, 0]]
    store = memory(CorrectedInstanceMemory, entries)
    step(store, queries, indices, labels=labels)
    expected = npid.gradient_step(queries, entries, labels @ npid.one_hot(indices, 11), TEMP, 0.5)
    torch.testing.assert_close(store.feats, expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize('rows', ['all', 'batch'])
def test_corrected_update_becomes_the_moving_average_where_nothing_is_confused(rows):
    """Rows of the batch get exactly their images, and no other row moves, as the softmax forgets it."""
    entries = F.normalize(torch.eye(6).double() + 0.01 * torch.randn(6, 6).double(), dim=1)
    queries, indices = F.normalize(entries[:3] * -1.0, dim=1), torch.arange(3, 6)
    queries = F.normalize(queries + 0.1 * torch.randn(3, 6).double(), dim=1)
    aside = torch.cat([entries, -queries])  # the softmax has its mass on these three, which are opposite to no one
    aside[6:] = queries
    store = memory(CorrectedInstanceMemory, aside, rows=rows)
    average = memory(InstanceMemory, aside)
    step(store, queries, indices, temperature=0.01)
    average.write(queries, indices)
    torch.testing.assert_close(store.feats[:6], average.feats[:6], atol=1e-12, rtol=0)
    assert not torch.allclose(average.feats[3:6], aside[3:6])


def test_moving_average_adds_up_repeated_images():
    entries, queries, indices = unit(6, 4), unit(4, 4), torch.tensor([2, 5, 2, 2])
    store = memory(InstanceMemory, entries, momentum=0.7)
    store.write(queries, indices)
    expected = npid.moving_average(queries, entries, npid.one_hot(indices, 6), 0.7)
    torch.testing.assert_close(store.feats, expected, atol=1e-14, rtol=0)


@pytest.mark.parametrize('cls', [InstanceMemory, CorrectedInstanceMemory])
@pytest.mark.parametrize('repeated', [False, True])
def test_drawn_negatives_are_others_and_none_comes_twice(cls, repeated):
    store = cls(length=50, feat_dim=8, num_negatives=20)
    indices = torch.tensor([4, 9, 4 if repeated else 30])
    drawn = []
    for _ in range(3):
        recall = store.read(indices)
        columns = [int((store.feats == row).all(dim=1).nonzero()) for row in recall.entries[0]]
        assert len(set(columns)) == len(columns) == 23
        assert [columns[place] for place in recall.target] == indices.tolist()
        drawn.append(frozenset(columns))
        if cls is CorrectedInstanceMemory:
            instance_loss(store.feats[indices][None], recall, TEMP)
        else:
            store.write(store.feats[indices].clone(), indices)
    assert len(set(drawn)) == 3


@pytest.mark.parametrize('rows', ['all', 'batch'])
def test_corrected_update_with_drawn_negatives_moves_the_recalled_entries(rows):
    entries, queries, indices = unit(30, 5), unit(3, 5), torch.tensor([3, 7, 10])
    store = memory(CorrectedInstanceMemory, entries, num_negatives=6, rows=rows)
    recalled = store.read(indices)
    columns = torch.stack([(entries == row).all(dim=1).nonzero()[0, 0] for row in recalled.blocks[0]])
    step(store, queries, indices)
    moved = npid.gradient_step(queries, entries[columns], npid.one_hot(recalled.target, 9), TEMP, 0.5)
    expected = entries.clone()
    kept = columns if rows == 'all' else indices
    expected[kept] = moved if rows == 'all' else moved[recalled.target]
    torch.testing.assert_close(store.feats, expected, atol=1e-12, rtol=0)


def test_a_head_that_needs_the_entries_later_gets_a_copy():
    store = InstanceMemory(length=6, feat_dim=4)
    recall = store.read(torch.arange(2))
    assert recall.entries.data_ptr() == store.feats.data_ptr()
    assert recall.blocks.data_ptr() != store.feats.data_ptr()


@pytest.mark.parametrize('options', [dict(), dict(rows='batch'), dict(num_negatives=4)], ids=str)
def test_corrected_update_is_the_same_through_a_copy(options):
    queries, indices, entries = unit(3, 4), torch.arange(3), unit(9, 4)
    stores = [memory(CorrectedInstanceMemory, entries, **options) for _ in range(2)]
    recalls = [store.read(indices) for store in stores]
    copy = recalls[0].blocks.clone()
    for recall in recalls:
        instance_loss(queries[None], recall, TEMP)
    assert stores[0].feats.equal(stores[1].feats)
    assert not stores[0].feats.equal(entries)
    assert recalls[0].blocks.equal(copy)


def test_corrected_memory_needs_a_head_that_tells_the_softmax():
    store = CorrectedInstanceMemory(length=6, feat_dim=4)
    store.read(torch.arange(2))
    with pytest.raises(RuntimeError, match='use InstanceHead'):
        store.update(torch.zeros(2, 4), torch.arange(2))


def test_assigned_entries_are_the_images_own():
    store, feats = InstanceMemory(length=5, feat_dim=3), unit(5, 3, dtype=torch.float32)
    order = torch.tensor([4, 0, 2, 1, 3])
    store.assign(feats[order[:2]], order[:2])
    store.assign(feats[order[2:]], order[2:])
    assert store.feats.equal(feats)


def test_head_logs_the_terms_and_the_loss_is_their_weighted_sum():
    head = InstanceHead(TEMP, [dict(type='ReleasedSqrtKLLoss', weight=20.0)])
    queries = unit(1, 3, 4, dtype=torch.float32)
    terms = head.loss(queries, queries, Recall(unit(9, 4, dtype=torch.float32)[None], target=torch.arange(3)))
    assert set(terms) == {'loss', 'ce', 'own_ratio', 'sqrt_kl', 'sqrt_kl_l1', 'sqrt_kl_l2', 'query_std'}
    torch.testing.assert_close(terms['loss'], terms['ce'] + 20 * terms['sqrt_kl'])
    torch.testing.assert_close(terms['sqrt_kl'], terms['sqrt_kl_l1'] + terms['sqrt_kl_l2'])


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: InstanceHead(temperature=0.0), 'temperature=0.0 must be positive'),
        (lambda: InstanceMemory(10, 4, num_negatives=10), 'num_negatives=10 must be less than length=10'),
        (lambda: InstanceMemory(10, 4, num_negatives=5).check(batch_size=8, num_images=10), 'num_negatives=5 and'),
        (lambda: InstanceMemory(10, 4, momentum=1.0), 'momentum=1.0 must be at least 0 and below 1'),
        (lambda: InstanceMemory(10, 4).check(batch_size=2, num_images=12), 'set model.memory.length=12'),
        (lambda: InstanceMemory(10, 4, num_negatives=2, sharded=True), 'recalls all entries'),
        (lambda: CorrectedInstanceMemory(10, 4, rows='own'), "rows='own' must be one of 'all', 'batch'"),
        (lambda: instance_loss(unit(1, 2, 4), Recall(unit(2, 5, 4), target=torch.arange(2)), TEMP), 'not 2 blocks'),
        (lambda: instance_loss(unit(1, 2, 4), Recall(unit(1, 5, 4)), TEMP), 'not no target'),
        (
            lambda: instance_loss(
                unit(3, 2, 4), Recall(unit(1, 5, 4), target=torch.arange(2)), TEMP, labels=unit(2, 2)
            ),
            'labels are for one view, there are 3',
        ),
        (lambda: InstanceHead(losses=[dict(type='SqrtKLLoss'), dict(type='ReleasedSqrtKLLoss')]), 'each must differ'),
    ],
)
def test_bad_options_are_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize('index', [-1, 10])
def test_ids_outside_of_the_memory_are_refused(index):
    with pytest.raises(IndexError, match='do not fit a memory of length=10'):
        InstanceMemory(10, 4).check_indices(torch.tensor([2, index]))
