"""Every downstream config parses, survives a dump, builds, starts from pre-trained weights, and trains and evaluates."""

import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner

from sslreg.downstream import configure
from sslreg.downstream.data import check_data

from . import samples
from .shrink import shrink

CONFIGS = sorted(path for scope in ('mmdet', 'mmseg') for path in Path('configs/downstream', scope).glob('[!_]*.py'))
BACKBONES = dict(r50='resnet50', vitb='vitb', r18='resnet18')

pytestmark = pytest.mark.usefixtures('downstream')


def load(path: Path) -> Config:
    return configure.load(str(path), None, 'det' if path.parent.name == 'mmdet' else 'seg')


def backbone(path: Path) -> str:
    return next(BACKBONES[part] for part in path.stem.replace('-', '_').split('_') if part in BACKBONES)


def make_data(path: Path, root: Path) -> None:
    """What the config's data would be."""
    name = path.stem
    if 'voc0712' in name:
        from mmdet.datasets import VOCDataset

        samples.voc(root, VOCDataset.METAINFO['classes'])
    elif 'coco' in name:
        from mmdet.datasets import CocoDataset

        parts = {f'annotations/instances_{part}.json': part for part in ('train2017', 'val2017')}
        samples.coco(root, CocoDataset.METAINFO['classes'], parts, '')
    elif 'bccd' in name or 'kangaroo' in name:
        classes = ('RBC', 'WBC', 'Platelets') if 'bccd' in name else ('kangaroo', 'raccoon')
        samples.coco(root, classes, {f'annotations/{part}.json': '' for part in ('train', 'val', 'test')}, 'images')
    else:
        makers = dict(ade20k=samples.ade20k, voc12aug=samples.voc12aug, cityscapes=samples.cityscapes)
        next((make for part, make in makers.items() if part in name), samples.camvid)(root)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_dumped_config_is_the_same(path, tmp_path):
    cfg = load(path)
    cfg.dump(tmp_path / 'dumped.py')
    assert Config.fromfile(tmp_path / 'dumped.py').to_dict() == cfg.to_dict()


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_names_its_command(path):
    text = path.read_text()
    script = 'dist_train_det.sh' if path.parent.name == 'mmdet' else 'dist_train_seg.sh'
    assert f'bash tools/downstream/{script} {path} CHECKPOINT' in text


@pytest.mark.slow
@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_trains_from_pretrained_weights(path, tmp_path, pretrained, monkeypatch):
    make_data(path, tmp_path / 'data')
    cfg = shrink(load(path), tmp_path / 'data', tmp_path / 'work')
    check_data(cfg)
    checkpoint = pretrained(backbone(path))
    configure.use_weights(cfg, str(checkpoint), None)
    monkeypatch.setattr(sys, 'argv', ['test'])
    runner = Runner.from_cfg(cfg)
    runner.train()
    model = runner.model
    loaded = torch.load(checkpoint)['state_dict']
    prefix = 'backbone.' if 'r50' in path.stem else 'teacher.module.backbone.'
    distance = {
        name: (value - loaded[prefix + name]).abs().max().item()
        for name, value in model.backbone.state_dict().items()
        if 'running' not in name and 'num_batches' not in name
    }
    assert max(distance.values()) < 0.05, max(distance, key=distance.get)  # a step away
    trained = [name for name, param in model.backbone.named_parameters() if param.requires_grad]
    assert bool(trained) == ('linear' not in path.stem)
    scores = [value for name, value in runner.message_hub.log_scalars.items() if 'mAP' in name or 'mIoU' in name]
    assert scores
