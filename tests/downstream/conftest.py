"""Skips, with the reason, what needs mmdet, mmsegmentation or mmcv's operators; checkpoints of pre-training."""

import importlib.util
from functools import cache
from pathlib import Path

import pytest
import torch
from mmengine.registry import DefaultScope
from torch import nn

from sslreg.evaluation.model import build_model
from sslreg.registry import MODELS
from sslreg.utils.config_files import load_config

from .trial import narrow, without_values

ROOT = Path(__file__).parents[2]
PRETRAINING = {  # by a part of the downstream config's name
    'r50': 'configs/npid/resnet50_imagenet_200e.py',
    'vitb': 'configs/massl/vitb_400e.py',
    'r18': 'configs/massl/resnet18_tinyimagenet_small.py',
}


def pretraining(downstream: str) -> str:
    """The config that a downstream config's backbone is pre-trained by."""
    return str(ROOT / next(config for part, config in PRETRAINING.items() if part in downstream))


@pytest.fixture(scope='session')
def downstream() -> None:
    missing = [name for name in ('mmcv._ext', 'mmdet', 'mmseg') if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f'needs {missing[0]}: bash tools/setup_downstream.sh (docs/downstream.md)')


@pytest.fixture(scope='session')
def pretrained(tmp_path_factory):
    """``pretrained('upernet_vitb_160k_ade20k', divisor)``: a checkpoint with the backbones that pre-training writes.

    ``divisor``: of their widths, as in :func:`narrow`.
    """

    @cache
    def save(config: str, divisor: int) -> Path:
        torch.manual_seed(0)
        file = tmp_path_factory.mktemp('pretrained') / 'epoch_1.pth'
        torch.save(dict(state_dict=backbones(config, divisor)), file)
        return file

    return lambda name, divisor=1: save(pretraining(name), divisor)


def backbones(config: str, divisor: int) -> dict[str, torch.Tensor]:
    """The student's and, where there is one, the teacher's backbone of a pre-training config; no two tensors alike."""
    cfg = load_config(config).model
    narrow(cfg.backbone, divisor)
    state = {}
    for prefix in ('backbone.', 'teacher.module.backbone.') if cfg.get('teacher') else ('backbone.',):
        with DefaultScope.overwrite_default_scope('sslreg'):
            backbone = MODELS.build(cfg.backbone)
        for param in backbone.parameters():
            nn.init.normal_(param, std=0.02)
        state |= {prefix + name: value for name, value in backbone.state_dict().items()}
    return state


@pytest.fixture(scope='session')
def pretrained_shapes():
    """``pretrained_shapes('upernet_vitb_160k_ade20k')``: the tensors that its pre-training writes, without values."""

    @cache
    def shapes(config: str) -> dict[str, torch.Tensor]:
        with without_values():
            return build_model(load_config(config, {'model.memory.length': 2**17})).state_dict()

    return lambda name: shapes(pretraining(name))
