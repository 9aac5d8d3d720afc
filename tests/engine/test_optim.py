import pytest
import torch
from mmpretrain.engine import LARS
from torch import nn

from sslreg.engine import MatrixDecayConstructor, SSLOptimWrapper
from sslreg.engine.optim import clip_grad_norm_per_tensor_


def with_grads(*grads: list[float]) -> list[nn.Parameter]:
    params = [nn.Parameter(torch.zeros(len(grad))) for grad in grads]
    for param, grad in zip(params, grads, strict=True):
        param.grad = torch.tensor(grad)
    return params


def test_clips_each_tensor_by_itself():
    large, small, zero = params = with_grads([3.0, 4.0], [0.3, 0.4], [0.0])
    norm = clip_grad_norm_per_tensor_(params, max_norm=1.0)
    torch.testing.assert_close(large.grad, torch.tensor([0.6, 0.8]), rtol=1e-6, atol=1e-6)
    assert small.grad.tolist() == pytest.approx([0.3, 0.4])
    assert zero.grad.tolist() == [0]
    assert norm == pytest.approx((25 + 0.25) ** 0.5)


@pytest.mark.parametrize(
    'clip_grad, expected',
    [
        (dict(type='per_tensor', max_norm=1.0), [[0.6, 0.8], [0.3, 0.4]]),
        (dict(max_norm=1.0), [[3 / 25.25**0.5, 4 / 25.25**0.5], [0.3 / 25.25**0.5, 0.4 / 25.25**0.5]]),
        (dict(type='value', clip_value=0.35), [[0.35, 0.35], [0.3, 0.35]]),
        (None, [[3, 4], [0.3, 0.4]]),
    ],
)
def test_wrapper_clips_per_tensor_beside_mmengines_ways(clip_grad, expected):
    params = [nn.Parameter(torch.zeros(2)) for _ in range(2)]
    wrapper = SSLOptimWrapper(torch.optim.SGD(params, lr=1.0), clip_grad=clip_grad)
    wrapper.update_params((params[0] * torch.tensor([3.0, 4.0])).sum() + (params[1] * torch.tensor([0.3, 0.4])).sum())
    for param, step in zip(params, expected, strict=True):
        assert (-param).tolist() == pytest.approx(step, abs=1e-5)


def test_wrapper_does_not_change_its_config():
    clip_grad = dict(type='per_tensor', max_norm=1.0)
    SSLOptimWrapper(torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0), clip_grad=clip_grad)
    assert clip_grad == dict(type='per_tensor', max_norm=1.0)


@pytest.mark.parametrize('dtype', ['float32', 'bfloat16'])
def test_forward_runs_in_the_given_type_on_the_cpu(dtype):
    model = nn.Linear(4, 2)
    wrapper = SSLOptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1), dtype=dtype)
    with wrapper.optim_context(model):
        out = model(torch.ones(1, 4))
    assert out.dtype == getattr(torch, dtype)
    before = model.weight.detach().clone()
    wrapper.update_params(out.float().sum())
    assert model.weight.dtype == torch.float32
    assert not torch.equal(model.weight, before)


def test_float16_needs_a_scaler():
    with pytest.raises(ValueError, match="dtype='float16' must be .* AmpOptimWrapper"):
        SSLOptimWrapper(torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0), dtype='float16')


def test_only_matrices_decay():
    model = nn.Module()
    model.linear, model.norm = nn.Linear(3, 2), nn.LayerNorm(2)
    model.conv, model.cls_token = nn.Conv2d(1, 1, 3), nn.Parameter(torch.zeros(1, 1, 4))
    model.frozen = nn.Parameter(torch.zeros(2, 2), requires_grad=False)
    model.odd = nn.Module()
    model.odd.bias = nn.Parameter(torch.zeros(2, 2))
    wrapper = MatrixDecayConstructor(
        dict(type='SSLOptimWrapper', optimizer=dict(type='AdamW', lr=0.1, weight_decay=0.04))
    )(model)
    decayed, plain = wrapper.optimizer.param_groups
    assert (decayed['weight_decay'], plain['weight_decay']) == (0.04, 0.0)
    assert {id(p) for p in decayed['params']} == {id(model.linear.weight), id(model.conv.weight), id(model.cls_token)}
    assert {id(p) for p in plain['params']} == {
        id(p) for p in (model.linear.bias, model.norm.weight, model.norm.bias, model.conv.bias, model.odd.bias)
    }


def test_the_group_without_decay_may_have_settings_of_its_own():
    """LARS adapts the learning rate to matrices alone: biases move by the rate as it is."""
    model = nn.Linear(2, 1)
    wrapper_cfg = dict(type='SSLOptimWrapper', optimizer=dict(type=LARS, lr=2.0, weight_decay=1e-6))
    wrapper = MatrixDecayConstructor(wrapper_cfg, dict(rest=dict(lars_exclude=True)))(model)
    before = [param.detach().clone() for param in (model.weight, model.bias)]
    wrapper.update_params(model(torch.tensor([[3.0, 4.0]])).sum())
    assert (before[1] - model.bias).item() == pytest.approx(2)
    assert (before[0] - model.weight).norm().item() == pytest.approx(2 * 0.001 * before[0].norm().item(), rel=1e-3)


def test_constructor_takes_no_other_paramwise_cfg():
    with pytest.raises(ValueError, match=r'takes paramwise_cfg=dict\(rest=...\), got'):
        MatrixDecayConstructor(dict(optimizer={}), paramwise_cfg=dict(bias_decay_mult=0))
