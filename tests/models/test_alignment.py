"""The term that strengthens or limits alignment, against the formula written plainly in tests/reference/sslmem.py."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import Tensor, nn

from sslreg.models import AlignedHead, AlignmentLoss, Recall
from sslreg.models.ops.alignment import DISTANCES
from sslreg.registry import MODELS
from tests import toy
from tests.reference import sslmem


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('sslreg'):
        yield


NONE = dict(type='AlignmentLoss', weight=0.0)


def unit(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return F.normalize(torch.randn(*shape, dtype=dtype), dim=-1)


def aligned(weight: float = -0.1, head: dict | None = None, **options) -> AlignedHead:
    head = head or dict(type='ViewMemoryHead', loss=dict(type='ViewMemoryCELoss'))
    alignment = dict(type='AlignmentLoss', weight=weight, **options)
    return MODELS.build(dict(type='AlignedHead', head=head, alignment=alignment))


@pytest.mark.parametrize('distance', DISTANCES)
@pytest.mark.parametrize('weight', [0.3, -0.1])
@pytest.mark.parametrize('views, batch', [(2, 1), (2, 4), (6, 3)])
@pytest.mark.parametrize('dtype, tolerance', [(torch.float64, 1e-12), (torch.float32, 2e-6)])
def test_equals_the_plain_formula_in_value_and_gradient(distance, weight, views, batch, dtype, tolerance):
    queries = unit(views, batch, 6)
    expected_at = queries.clone().requires_grad_()
    expected = weight * sslmem.alignment(expected_at, distance)
    expected.backward()

    own = queries.to(dtype).requires_grad_()
    loss = AlignmentLoss(weight, distance)(own)
    loss.backward()
    assert loss.dtype == dtype
    assert loss.double().item() == pytest.approx(expected.item(), rel=tolerance)
    assert (own.grad.double() - expected_at.grad).abs().max() <= tolerance


def test_worked_by_hand():
    """Views (1, 0), (0, 1), (1, 0): two of three pairs are at a right angle."""
    queries = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]], [[1.0, 0.0]]])
    expected = dict(l2=2 / 3 * 2**0.5, l1=4 / 3, cosine=2 / 3, angular=1 / 3)
    for distance, value in expected.items():
        assert AlignmentLoss(1.0, distance)(queries).item() == pytest.approx(value), distance


@pytest.mark.parametrize('distance', DISTANCES)
@pytest.mark.parametrize('dtype', [torch.float64, torch.float32])
@pytest.mark.parametrize('weight', [1.0, -1.0])
def test_gradients_are_finite_where_views_coincide_or_are_opposite(distance, dtype, weight):
    """There a norm, or an angle, has no derivative."""
    a, b = unit(2, 6, dtype=dtype)
    queries = torch.stack([torch.stack([a, a, a]), torch.stack([a, -a, b])]).requires_grad_()
    loss = AlignmentLoss(weight, distance)(queries)
    loss.backward()
    assert loss.isfinite()
    assert queries.grad.isfinite().all()
    assert queries.grad[:, 0].abs().max() < 1e-6
    assert queries.grad[:, 2].abs().max() > 0.01


@pytest.mark.parametrize('weight', [1.0, -1.0])
def test_a_positive_weight_draws_views_together_a_negative_one_apart(weight):
    feats = torch.randn(3, 5, 6, dtype=torch.float64).requires_grad_()
    before = AlignmentLoss(weight).alignment(F.normalize(feats, dim=-1))
    AlignmentLoss(weight)(F.normalize(feats, dim=-1)).backward()
    after = AlignmentLoss(weight).alignment(F.normalize(feats - 0.1 * feats.grad, dim=-1))
    assert (after < before) == (weight > 0)


def test_the_released_code_strengthens_alignment():
    """(1 - l) L - l arcsin(cos) / pi has the gradient of (1 - l) (L + l / (1 - l) A) for the angular distance A."""
    views, share = unit(2, 1, 6), 0.1
    released = views.clone().requires_grad_()
    (-share * sslmem.released_term(released[0, 0], released[1, 0])).backward()
    own = views.clone().requires_grad_()
    ((1 - share) * AlignmentLoss(share / (1 - share), 'angular')(own)).backward()
    torch.testing.assert_close(released.grad, own.grad)


def test_is_computed_in_float32_for_bfloat16_queries():
    with torch.autocast('cpu', torch.bfloat16):
        loss = AlignmentLoss(0.1)(unit(2, 3, 8, dtype=torch.bfloat16))
    assert loss.dtype == torch.float32


def test_unknown_distance_is_named_at_start():
    with pytest.raises(ValueError, match="distance='l3' must be one of 'l2', 'l1'"):
        AlignmentLoss(0.1, 'l3')


def test_a_head_is_joined_by_the_term_and_keeps_its_own():
    head = aligned(weight=-0.25, distance='cosine')
    queries, keys, blocks = unit(3, 2, 4).requires_grad_(), unit(2, 2, 4), Recall(unit(1, 5, 4))
    own = head.head.loss(queries, keys, blocks)
    losses = head.loss(queries, keys, blocks)
    assert {name: losses[name].item() for name in own} == {name: value.item() for name, value in own.items()}
    assert set(losses) - set(own) == {'loss_alignment', 'alignment'}
    assert losses['alignment'].item() == pytest.approx(sslmem.alignment(queries.detach(), 'cosine').item())
    assert losses['loss_alignment'].item() == pytest.approx(-0.25 * losses['alignment'].item())
    assert losses['loss_alignment'].requires_grad
    assert not losses['alignment'].requires_grad


class OwnLoss(nn.Module):
    """A user's, of logits that autograd keeps."""

    def forward(self, queries, keys, blocks):
        return (queries @ blocks[0].T).square().mean()


@pytest.mark.parametrize(
    'head, copies',
    [
        (dict(type='InstanceHead'), False),
        (dict(type='ViewMemoryHead', loss=dict(type='ViewMemoryCELoss')), False),
        (dict(type='ViewMemoryHead', loss=dict(type=OwnLoss)), True),
    ],
)
def test_the_memory_is_copied_only_for_a_head_that_asks_for_blocks(head, copies):
    recall = Recall(unit(5, 4), target=torch.arange(2))
    aligned(head=head).loss(unit(3, 2, 4), unit(2, 2, 4), recall)
    assert ('blocks' in vars(recall)) is copies


def aligned_toy(folder, **overrides):
    cfg = toy.config(folder)
    weight = dict(type='SwitchSchedule', start=0.0, end=-0.1, at=1 / 3)
    cfg.model.head = dict(type='AlignedHead', head=cfg.model.head, alignment=dict(NONE, weight=weight))
    cfg.merge_from_dict({name.replace('__', '.'): value for name, value in overrides.items()})
    return cfg


def test_a_run_switches_the_term_on_and_logs_what_it_minimises(tmp_path):
    runner = Runner.from_cfg(aligned_toy(tmp_path))
    runner.train()
    logged = {
        name: list(runner.message_hub.get_scalar(f'train/{name}').data[0])
        for name in ('loss', 'loss_alignment', 'alignment', 'head.alignment.weight', 'head.head.teacher_temp')
    }
    assert logged['head.alignment.weight'] == [0, 0, -0.1, -0.1, -0.1, -0.1]
    assert logged['head.head.teacher_temp'][0] == 0.04
    assert logged['head.head.teacher_temp'][-1] == 0.07
    for weight, term, value in zip(
        logged['head.alignment.weight'], logged['loss_alignment'], logged['alignment'], strict=True
    ):
        assert term == pytest.approx(weight * value)
    without = Runner.from_cfg(aligned_toy(tmp_path / 'without', model__head__alignment__weight__end=0.0))
    without.train()
    plain = list(without.message_hub.get_scalar('train/loss').data[0])
    assert logged['loss'][:2] == plain[:2]
    assert logged['loss'][2] == pytest.approx(plain[2] + logged['loss_alignment'][2])


@pytest.mark.parametrize('mixing', [None, dict(type='InstanceCutMix')])
def test_one_view_is_an_error_with_the_remedy(tmp_path, mixing):
    cfg = toy.instance_config(tmp_path)
    cfg.model.mixing = mixing
    cfg.model.head = dict(type='AlignedHead', head=cfg.model.head, alignment=NONE)
    with pytest.raises(ValueError, match='but there is only 1: set num=2 or more in the views of the training set'):
        Runner.from_cfg(cfg).train()
