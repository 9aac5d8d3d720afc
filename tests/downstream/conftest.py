"""Skips, with the reason, what needs mmdet, mmsegmentation or mmcv's operators; checkpoints of pre-training."""

import importlib.util
from pathlib import Path

import pytest
import torch
from torch import nn

from sslreg.engine import launch

PRETRAINING = {  # by a part of the downstream config's name
    'r50': 'configs/npid/resnet50_imagenet_200e.py',
    'vitb': 'configs/massl/vitb_400e.py',
    'r18': 'configs/massl/resnet18_tinyimagenet_small.py',
}


@pytest.fixture(scope='session')
def downstream() -> None:
    missing = [name for name in ('mmcv._ext', 'mmdet', 'mmseg') if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f'needs {missing[0]}: bash tools/setup_downstream.sh (docs/downstream.md)')


@pytest.fixture(scope='session')
def pretrained(tmp_path_factory):
    """``pretrained('upernet_vitb_160k_ade20k')``: a checkpoint as pre-training of its backbone writes it."""
    made: dict[str, Path] = {}

    def path(config: str) -> Path:
        name = next(name for name in PRETRAINING if name in config)
        if name not in made:
            torch.manual_seed(0)
            file = tmp_path_factory.mktemp('pretrained') / f'{name}.pth'
            torch.save(dict(state_dict=backbones(PRETRAINING[name])), file)
            made[name] = file
        return made[name]

    return path


def backbones(config: str) -> dict[str, torch.Tensor]:
    """The student's and, where there is one, the teacher's backbone of a pre-training config; no two tensors alike."""
    model = launch.build_model(launch.load_config(config, {'model.memory.length': 2**17}))
    parts = [('backbone.', model.backbone)]
    if model.teacher is not None:
        parts.append(('teacher.module.backbone.', model.teacher.module.backbone))
    for _, part in parts:
        for param in part.parameters():
            nn.init.normal_(param, std=0.02)
    return {prefix + name: value for prefix, part in parts for name, value in part.state_dict().items()}
