"""Learning rates per layer, against the formula of BEiT, MAE and ViTDet."""

import pytest
import torch
from mmpretrain.models import VisionTransformer
from torch import nn

from sslreg.downstream import LayerDecayConstructor
from sslreg.engine import ScheduledValues, TrainingLength

LR, RATE, LAYERS = 1e-3, 0.5, 3


class Detector(nn.Module):
    """A backbone and what comes after it."""

    def __init__(self) -> None:
        super().__init__()
        arch = dict(embed_dims=8, num_layers=LAYERS, num_heads=2, feedforward_channels=16)
        self.backbone = VisionTransformer(arch=arch, img_size=32, patch_size=16, out_type='featmap')
        self.neck = nn.Linear(8, 8)


class Wrapper(nn.Module):
    """Wrapper of a model, like DistributedDataParallel."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module


def optimizer(model: nn.Module, **options) -> torch.optim.Optimizer:
    wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=LR, weight_decay=0.05))
    return LayerDecayConstructor(wrapper, dict(layer_decay_rate=RATE) | options)(model).optimizer


def expected_rate(name: str) -> float:
    """layer 0: patches and positions; 1..L: blocks; L + 1: the rest."""
    layer = LAYERS + 1
    if name.startswith(('backbone.patch_embed', 'backbone.cls_token', 'backbone.pos_embed')):
        layer = 0
    elif name.startswith('backbone.layers.'):
        layer = int(name.split('.')[2]) + 1
    return LR * RATE ** (LAYERS + 1 - layer)


def test_every_tensor_has_the_rate_of_its_layer_and_matrices_alone_decay():
    model = Detector()
    names = {param: name for name, param in model.named_parameters()}
    seen = set()
    for group in optimizer(model).param_groups:
        for param in group['params']:
            name = names[param]
            seen.add(name)
            assert group['lr'] == pytest.approx(expected_rate(name)), name
            matrix = param.ndim > 1 and not name.endswith(('cls_token', 'pos_embed'))
            assert group['weight_decay'] == (0.05 if matrix else 0.0), name
    assert seen == set(names.values())


def test_groups_are_as_few_as_layers():
    """L + 2 layers have a group with and one without decay each."""
    assert len(optimizer(Detector()).param_groups) == 2 * (LAYERS + 2)


def test_rates_are_the_same_for_a_model_within_a_wrapper():
    model = Detector()
    bare, wrapped = optimizer(model).param_groups, optimizer(Wrapper(model)).param_groups
    assert [group['lr'] for group in wrapped] == [group['lr'] for group in bare]


def test_a_scheduled_rate_keeps_the_ratios_of_the_layers():
    schedule = dict(type='CosineSchedule', start=LR, end=0.0)
    wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=schedule, weight_decay=0.05))
    model = Detector()
    scheduled = LayerDecayConstructor(wrapper, dict(layer_decay_rate=RATE))(model).optimizer
    rates = [group['lr'] for group in scheduled.param_groups]
    assert rates == [group['lr'] for group in optimizer(model).param_groups]
    ScheduledValues(model, scheduled, TrainingLength(10)).set(5)
    halves = [group['lr'] for group in scheduled.param_groups]
    assert halves == pytest.approx([rate / 2 for rate in rates])


def test_frozen_tensors_are_left_out():
    model = Detector()
    model.backbone.requires_grad_(False)
    params = [param for group in optimizer(model).param_groups for param in group['params']]
    assert sum(param.numel() for param in params) == 8 * 8 + 8


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(layer_decay_rate=1.5), r'layer_decay_rate=1.5 must be in \(0, 1\]'),
        (dict(num_layers=12), "and nothing else, got .*'num_layers': 12"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        optimizer(Detector(), **options)


def test_a_backbone_without_layers_is_refused():
    model = Detector()
    model.backbone = nn.Linear(2, 2)
    with pytest.raises(ValueError, match='Linear does not say which layer a parameter is of'):
        optimizer(model)
