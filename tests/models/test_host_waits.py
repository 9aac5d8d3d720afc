"""No part of a training step makes the host wait for the device."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from mmpretrain.models import SelfSupDataPreprocessor
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from sslreg.models import Recall, ViewMemoryHead, ViewPreprocessor, start_teacher
from sslreg.models.ops import attention
from sslreg.registry import MODELS
from tests import toy
from tests.waits import host_waits

INSTANCE = dict(head=dict(type='InstanceHead', losses=[dict(type='SqrtKLLoss')]), teacher=None, num_key_views=1)
METHODS = {
    'view memory': dict(),
    'instance': INSTANCE | dict(memory=dict(type='InstanceMemory', length=24, feat_dim=4)),
    'negatives': INSTANCE | dict(memory=dict(type='InstanceMemory', length=24, feat_dim=4, num_negatives=8)),
    'corrected': INSTANCE | dict(memory=dict(type='CorrectedInstanceMemory', length=24, feat_dim=4)),
    'corrected batch': INSTANCE
    | dict(memory=dict(type='CorrectedInstanceMemory', length=24, feat_dim=4, rows='batch')),
    'cold': INSTANCE
    | dict(head=dict(type='InstanceHead', temperature=0.01), memory=dict(type='InstanceMemory', length=24, feat_dim=4)),
}
WAITS = {
    'item': Tensor.item,
    'tolist': Tensor.tolist,
    'cpu': Tensor.cpu,
    'numpy': Tensor.numpy,
    'bool': lambda x: bool(x[0]),
    'float': lambda x: float(x[0]),
    'nonzero': torch.nonzero,
    'masked_select': lambda x: x.masked_select(x > 0),
    'mask': lambda x: x[x > 0],
    'put by mask': lambda x: x.index_put_((x > 0,), x.new_zeros(())),
    'unique': torch.unique,
    'equal': lambda x: x.equal(x),
    'other device': lambda x: x.to('meta'),
}


@pytest.mark.parametrize('wait', WAITS.values(), ids=WAITS)
def test_the_guard_sees_what_waits(wait):
    x = torch.ones(1)
    with host_waits() as found:
        wait(x)
    assert found


def test_the_guard_sees_waits_of_a_backward_pass():
    x = torch.ones(1, requires_grad=True)
    x.register_hook(lambda grad: grad * grad.item())
    loss = x.sum()
    with host_waits() as found:
        loss.backward()
    assert '_local_scalar_dense' in found


def test_the_guard_sees_values_of_the_host_sent_to_a_gpu():
    with FakeTensorMode(), host_waits() as found:
        torch.tensor([1.0], device='cuda')
    assert found


def test_the_guard_lets_the_rest_pass():
    x = torch.ones(3)
    with host_waits() as found:
        torch.where(x > 0, x, 0).index_select(0, torch.arange(2)).to(torch.float64).max(dim=0)
    assert not found


@pytest.mark.parametrize('method', METHODS.values(), ids=METHODS)
def test_a_step_does_not_wait(method, monkeypatch):
    model = MODELS.build(toy.model(**method))
    model.init_weights()
    if model.teacher:
        start_teacher(model)
    monkeypatch.setattr(model.memory, 'check_indices', lambda indices: None)  # looks at indices while on the host
    inputs = [torch.randn(6, 3, 8, 8) for _ in range(3 if model.teacher else 1)]
    for _ in range(2):  # also after the first update
        with host_waits() as found:
            model.loss(inputs, torch.arange(6))['loss'].backward()
        assert not found


@pytest.mark.parametrize('kernel', [None, attention.flash_attention, attention.cudnn_attention])
def test_the_loss_does_not_wait_for_a_gpu(kernel, monkeypatch):
    """The tensors claim to be on a GPU; they have no values, so reading one is an error."""
    monkeypatch.setattr(attention, '_kernel', lambda device, width: kernel)
    monkeypatch.setattr(attention, 'fitted_plan', lambda *case: attention.make_plan(42, 1024, 4096, 132))
    head: Any = ViewMemoryHead(dict(type='ViewMemoryCELoss'))
    with FakeTensorMode(), host_waits() as found:
        queries = F.normalize(torch.randn(12, 3, 64, device='cuda'), dim=-1).requires_grad_()
        memory, order = torch.randn(4096, 64, device='cuda'), torch.randperm(4096, device='cuda').view(4, 1024)
        losses = head.loss(queries, queries[:2].detach(), Recall(memory, order=order))
    assert not found
    assert {(value.device.type, value.dtype) for value in losses.values()} == {('cuda', torch.float32)}
    assert losses['loss'].requires_grad


def test_normalising_views_waits_for_nothing():
    with FakeTensorMode():
        model = ViewPreprocessor(mean=[1.0] * 3, std=[2.0] * 3, to_rgb=True).to('cuda')
        views = [torch.zeros(2, 3, 8, 8, dtype=torch.uint8, device='cuda') for _ in range(3)]
        with host_waits() as found:
            model(dict(inputs=views))
        assert not found
        with host_waits() as found:
            SelfSupDataPreprocessor(mean=[1.0] * 3, std=[2.0] * 3, to_rgb=True).to('cuda')(dict(inputs=views, _=None))
        assert found  # mmpretrain's sends the order of channels for each view
