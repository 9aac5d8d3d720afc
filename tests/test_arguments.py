"""Arguments are checked by annotations: names, types and ranges, from Python and through registries."""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import torch
from mmengine.hooks import CheckpointHook
from mmengine.registry import DefaultScope
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.datasets import CIFAR10
from mmpretrain.models import ResNet_CIFAR
from torch import nn

from sslreg.arguments import (
    Ascending,
    Bounds,
    Fraction,
    NonNegativeInt,
    Positive,
    PositiveInt,
    PositiveInts,
    PositiveOrInfinite,
    check_arguments,
    checked,
    parameters_of,
)
from sslreg.engine import SSLOptimWrapper
from sslreg.evaluation import KNNProbe
from sslreg.models import InstanceMemory, ProjectionNeck, QueueMemory, TimmBackbone
from sslreg.registry import DATA_SAMPLERS, HOOKS, OPTIMIZERS, TRANSFORMS

NAN, INF = math.nan, math.inf


@checked
def component(
    length: PositiveInt = 1,
    temperature: Positive = 0.1,
    share: Fraction | None = None,
    ks: PositiveInts = (10, 20),
    scale: Annotated[tuple[Positive, Positive], Ascending()] = (0.1, 1.0),
    kind: Literal['mean', 'median'] = 'mean',
    flag: bool = False,
    name: str = '',
    rate: float = 1.0,
    parts: dict[str, Any] | None = None,
    limit: PositiveOrInfinite = 1.0,
    folder: str | Path = '',
    momentum: Annotated[float, Bounds(least=0, below=1)] = 0.5,
    workers: NonNegativeInt = 0,
    lists: Sequence[Sequence[float]] = (),
) -> None:
    """A component of each kind of argument."""


@pytest.mark.parametrize(
    'name, value, message',
    [
        ('length', '2k', "length='2k' must be an int of at least 1, e.g. length=2000"),
        ('length', 2.5, 'length=2.5 must be an int of at least 1'),
        ('length', 2.0, r'length=2.0 must be an int of at least 1, e.g. length=2$'),
        ('length', True, 'length=True must be an int'),
        ('length', [3], r'length=\[3\] must be an int of at least 1, e.g. length=3'),
        ('length', None, 'length=None must be an int'),
        ('length', 0, 'length=0 must be at least 1'),
        ('length', NAN, 'length=nan must be an int'),
        ('temperature', 'abc', "temperature='abc' must be a positive number, e.g. temperature=0.1"),
        ('temperature', 0, 'temperature=0 must be positive'),
        ('temperature', -1.5, 'temperature=-1.5 must be positive'),
        ('temperature', NAN, 'temperature=nan must be positive'),
        ('temperature', INF, 'temperature=inf must be positive and finite'),
        ('temperature', True, 'temperature=True must be a positive number'),
        ('share', 1.1, 'share=1.1 must be between 0 and 1'),
        ('share', 'half', "share='half' must be a number between 0 and 1 or None"),
        ('ks', (), r'ks=\(\) must be non-empty, e.g. ks=\(10, 20\)'),
        ('ks', (5, 0), r'ks\[1\]=0 must be at least 1'),
        ('ks', 5, r'ks=5 must be a non-empty list of ints of at least 1, e.g. ks=\(5,\)'),
        ('ks', '5', "ks='5' must be a non-empty list"),
        ('scale', (1.0, 0.5), r'scale=\(1.0, 0.5\) must be in ascending order'),
        ('scale', (0.5,), r'scale=\(0.5,\) must be 2 values'),
        ('scale', (0, 1), r'scale\[0\]=0 must be positive'),
        ('kind', 'maen', "kind='maen' must be one of 'mean', 'median'; did you mean 'mean'"),
        ('flag', 'yes', "flag='yes' must be True or False, e.g. flag=True"),
        ('flag', 1, 'flag=1 must be True or False'),
        ('name', 5, 'name=5 must be a string'),
        ('rate', NAN, 'rate=nan must be a finite number'),
        ('rate', -INF, 'rate=-inf must be a finite number'),
        ('parts', 5, 'parts=5 must be a dict or None'),
        ('parts', [1], r'parts=\[1\] must be a dict or None'),
        ('limit', 0, 'limit=0 must be positive'),
        ('folder', 5, 'folder=5 must be a string or a path'),
        ('momentum', 1, 'momentum=1 must be at least 0 and below 1'),
        ('workers', -1, 'workers=-1 must be at least 0'),
        ('lists', [[1.0, 'x']], r"lists\[0\]\[1\]='x' must be a finite number"),
    ],
)
def test_a_value_that_does_not_suit_its_annotation(name, value, message):
    with pytest.raises((TypeError, ValueError), match=f'^component: {message}'):
        component(**{name: value})


@pytest.mark.parametrize(
    'arguments',
    [
        dict(length=5, temperature=1, share=None, ks=[1, 2], scale=[0.1, 0.1], kind='median', flag=True),
        dict(parts={}, rate=-2, limit=INF, folder=Path('x'), momentum=0, lists=[(1, 2), []]),
        dict(parts=nn.Identity()),  # built already
        dict(temperature=torch.tensor(0.5).item(), share=1),
    ],
)
def test_a_value_that_suits_its_annotation(arguments):
    component(**arguments)


@pytest.mark.parametrize(
    'kind, name, hint',
    [
        (CheckpointHook, 'max_keep_ckpt', 'max_keep_ckpts'),  # its **kwargs go to Runner.save_checkpoint
        (SSLOptimWrapper, 'accumulative_count', 'accumulative_counts'),  # of its parent, by **kwargs
        (ResNet_CIFAR, 'stem_channel', 'stem_channels'),
        (CIFAR10, 'data_rot', 'data_root'),
        (InstanceMemory, 'lenght', 'length'),
    ],
)
def test_an_argument_that_kwargs_would_swallow(kind, name, hint):
    with pytest.raises(TypeError, match=f"{kind.__name__} takes no argument '{name}'; did you mean '{hint}'"):
        check_arguments(kind, {name: 1})


def test_kwargs_that_go_elsewhere_are_left_alone():
    assert parameters_of(TimmBackbone).is_open  # to timm, whose models take what they like
    check_arguments(TimmBackbone, dict(model_name='vit_tiny_patch16_224', dynamic_img_size=True))
    check_arguments(partial(QueueMemory, length=4), dict(feat_dim=2))


@pytest.mark.parametrize(
    'kind, arguments, message',
    [
        (EpochBasedTrainLoop, dict(max_epochs='ten'), "max_epochs='ten' must be an int"),
        (EpochBasedTrainLoop, dict(max_epochs=0), 'max_epochs=0 must be at least 1'),
        (EpochBasedTrainLoop, dict(val_interval=-1), 'val_interval=-1 must be at least 1'),
        (CheckpointHook, dict(interval=0), 'interval=0 must be at least 1, or -1 for never'),
        (torch.optim.AdamW, dict(lr='0.1'), "lr='0.1' must be"),
        (torch.optim.AdamW, dict(lr=-1), 'lr=-1 must be at least 0'),
        (torch.optim.AdamW, dict(betas=(0.9, 1.0)), r'betas\[1\]=1.0 must be at least 0 and below 1'),
        (torch.optim.AdamW, dict(weight_decay=NAN), 'weight_decay=nan'),
        (torch.optim.AdamW, dict(fused='yes'), "fused='yes' must be True or False"),
        (nn.utils.clip_grad_norm_, dict(max_norm=0), 'max_norm=0 must be positive'),
        (torch.utils.data.DataLoader, dict(batch_size=0), 'batch_size=0 must be at least 1'),
        (torch.utils.data.DataLoader, dict(num_workers=-1), 'num_workers=-1 must be at least 0'),
        (ResNet_CIFAR, dict(depth='18'), "depth='18' must be a finite number"),
        (ResNet_CIFAR, dict(strides='x'), "strides='x' must be"),
        (ResNet_CIFAR, dict(base_channels=0), 'base_channels=0 must be at least 1'),
    ],
)
def test_a_value_that_no_class_of_another_package_can_have(kind, arguments, message):
    with pytest.raises((TypeError, ValueError), match=f'^{kind.__name__}: {message}'):
        check_arguments(kind, arguments)


@pytest.mark.parametrize(
    'kind, arguments',
    [
        (EpochBasedTrainLoop, dict(max_epochs=10, val_interval=10**9)),
        (CheckpointHook, dict(interval=-1, max_keep_ckpts=-1, save_best=['a', 'b'], rule=None)),
        (torch.optim.AdamW, dict(lr=0, betas=[0, 0.9], fused=None)),
        (nn.utils.clip_grad_norm_, dict(max_norm=INF, norm_type=INF)),  # logs the norm
        (ResNet_CIFAR, dict(depth=18, out_indices=[0, 1], norm_cfg=None, init_cfg=[dict(type='Kaiming')])),
    ],
)
def test_what_classes_of_other_packages_take_beyond_their_annotations(kind, arguments):
    check_arguments(kind, arguments)


@pytest.mark.parametrize(
    'kind, arguments, message',
    [
        (QueueMemory, dict(length=0, feat_dim=2), 'QueueMemory: length=0 must be at least 1'),
        (KNNProbe, dict(temperature=NAN), 'KNNProbe: temperature=nan must be positive, e.g. temperature=0.07'),
        (KNNProbe, dict(ks=()), 'KNNProbe: ks='),
        (ProjectionNeck, dict(in_channels=0, hid_channels=1, out_channels=1), 'ProjectionNeck: in_channels=0'),
    ],
)
def test_a_class_refuses_the_same_from_python(kind, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        kind(**arguments)


@pytest.mark.parametrize(
    'registry, cfg, message',
    [
        (HOOKS, dict(type='PlainCheckpointHook', max_keep_ckpt=2), 'takes no argument'),
        (TRANSFORMS, dict(type='RandomGrayscale', prob=2), 'prob=2 must be between 0 and 1'),
        (TRANSFORMS, dict(type='RandomGrayscale'), "RandomGrayscale needs the argument 'prob'"),
        (OPTIMIZERS, dict(type='SGD', lr='a', params=[]), "lr='a' must be"),
        (DATA_SAMPLERS, dict(type='DefaultSampler', dataset=[1], shufle=True), "did you mean 'shuffle'"),
    ],
)
def test_every_registry_checks(registry, cfg, message):
    with DefaultScope.overwrite_default_scope('sslreg'), pytest.raises((TypeError, ValueError), match=message):
        registry.build(cfg)
