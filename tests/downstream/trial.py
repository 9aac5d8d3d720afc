"""A downstream config at toy size: narrow networks, small images, two of them a step, one step, then one evaluation."""

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from mmengine.config import Config
from mmengine.runner import Runner

from sslreg.downstream import configure
from sslreg.downstream.data_checks import check_data
from sslreg.registry import type_name

TRANSFORMS = {'Resize', 'RandomResize', 'RandomChoiceResize', 'RandomCrop', 'Pad', 'BatchFixedSizePad'}
SMALL = {  # by what it is called in a transform
    'scale': (96, 96),
    'scales': [(96, 96), (128, 96)],
    'crop_size': (64, 64),
    'size': (128, 128),
}
FEW = {  # of regions, which take most of the time
    'nms_pre': 50,
    'max_per_img': 20,
    'num': 16,
    'score_thr': 0.0,  # or an untrained network finds nothing, and COCO's evaluation has no numbers
}
WIDTHS = {  # what they are called, in channels
    'in_channels', 'out_channels', 'channels', 'feat_channels', 'conv_out_channels', 'fc_out_channels', 'embed_dim',
    'stem_channels', 'base_channels',
}  # fmt: skip
DEFAULT_WIDTHS = dict(
    ResNet=dict(stem_channels=64, base_channels=64),
    SimpleFeaturePyramid=dict(out_channels=256),
)
VIT_BASE = dict(embed_dims=768, num_layers=12, num_heads=12, feedforward_channels=4 * 768)


def narrow(cfg: Any, divisor: int) -> None:
    """Divide all widths in a model's config in place, so that parts that did not fit together still do not."""
    if isinstance(cfg, dict) and divisor > 1:
        kind = type_name(cfg.get('type', '')).rpartition('.')[2]
        for name, width in DEFAULT_WIDTHS.get(kind, {}).items():
            cfg.setdefault(name, width)
        if cfg.get('arch') == 'deit-base':
            cfg.arch = {name: size // divisor if size >= 768 else size for name, size in VIT_BASE.items()}
    for name, value in list(cfg.items()) if isinstance(cfg, dict) else enumerate(cfg):
        if name in WIDTHS:
            cfg[name] = [width // divisor for width in value] if isinstance(value, list) else value // divisor
        elif isinstance(value, (dict, list)):
            narrow(value, divisor)


def divisor_of(path: Path) -> int:
    """Return the divisor of the trial's widths. mmdet's C4 head is 512 wide in any config."""
    return 1 if 'c4' in path.stem else 8


def shrink(cfg: Config, root: Path, work_dir: Path) -> Config:
    """``root`` takes the place of the datasets' roots."""
    old = str(cfg.data_root)
    _shrink_transforms(cfg._cfg_dict, old, str(root))
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name].update(batch_size=2 if name == 'train_dataloader' else 1, num_workers=0, persistent_workers=False)
    for name in ('val_dataloader', 'test_dataloader'):
        cfg[name].dataset.indices = 1
    cfg.train_dataloader.sampler = dict(type='InfiniteSampler', shuffle=True)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=1, val_interval=1)
    cfg.param_scheduler = None
    cfg.optim_wrapper.optimizer.lr *= 1e-3  # so that what was loaded is still to be seen after a step
    cfg.default_hooks.checkpoint.update(by_epoch=False, interval=-1, save_last=False)  # a gigabyte for a ViT-B
    cfg.default_hooks.logger.update(interval=1)
    cfg.log_processor = dict(by_epoch=False)
    for name in ('train_cfg', 'test_cfg'):
        _fewer_regions(cfg.model.get(name))
    if cfg.model.data_preprocessor.get('size'):
        cfg.model.data_preprocessor.size = (64, 64)
    if cfg.model.get('test_cfg', {}).get('mode') == 'slide':
        cfg.model.test_cfg.update(crop_size=(64, 64), stride=(48, 48))
    cfg.work_dir = str(work_dir)
    cfg.log_level = 'WARNING'
    return cfg


def _fewer_regions(cfg: Any) -> None:
    for name, value in list(cfg.items()) if isinstance(cfg, dict) else enumerate(cfg if isinstance(cfg, list) else []):
        if name in FEW:
            cfg[name] = FEW[name]
        else:
            _fewer_regions(value)


def _shrink_transforms(cfg: Any, old: str, new: str) -> None:
    """Change in place the sizes of transforms, and paths that begin with ``old``."""
    items = cfg.items() if isinstance(cfg, dict) else enumerate(cfg)
    for name, value in list(items):
        if isinstance(cfg, dict) and name in SMALL and cfg.get('type') in TRANSFORMS:
            cfg[name] = SMALL[name]
        elif isinstance(value, str) and old and value.startswith(old):
            cfg[name] = new + '/' + value.removeprefix(old).lstrip('/')
        elif isinstance(value, (dict, list)):
            _shrink_transforms(value, old, new)


def configs(scope: str) -> list[Path]:
    return sorted(Path('configs/downstream', scope).glob('[!_]*.py'))


def task_of(path: Path) -> str:
    return 'det' if path.parent.name == 'mmdet' else 'seg'


@cache
def _loaded(path: Path) -> Config:
    return configure.load_task_config(str(path), None, task_of(path))


def load(path: Path) -> Config:
    return copy.deepcopy(_loaded(path))


@contextmanager
def without_values() -> Iterator[None]:
    """Modules that are built within have tensors of the right shapes, which take neither memory nor time."""
    on_cpu = partial(torch.linspace, device='cpu')  # mmpretrain's ResNet reads its rates from one
    with torch.device('meta'), mock.patch('torch.linspace', on_cpu):
        yield


def train(path: Path, root: Path, work_dir: Path, checkpoint: Path) -> Any:
    """The model after a step that began with the checkpoint; its loss and a metric were finite numbers."""
    cfg = shrink(load(path), root, work_dir)
    narrow(cfg.model, divisor_of(path))
    check_data(cfg)
    configure.use_weights(cfg, str(checkpoint), None)
    runner = Runner.from_cfg(cfg)
    runner.train()
    scalars = {name: buffer.current() for name, buffer in runner.message_hub.log_scalars.items()}
    metrics = [value for name, value in scalars.items() if name.endswith(('mAP', 'mIoU'))]
    assert metrics
    assert all(map(math.isfinite, [scalars['train/loss'], *metrics]))
    assert_began_with(runner.model.backbone, cfg.model.backbone, checkpoint)
    return runner.model


def assert_began_with(backbone: Any, cfg: Any, checkpoint: Path) -> None:
    """Each tensor is the checkpoint's but for one small step."""
    loaded = torch.load(checkpoint)['state_dict']
    for name, value in backbone.named_parameters():
        distance = (value - loaded[cfg.init_cfg.prefix + name]).abs().max().item()
        assert distance < 1e-3, name
