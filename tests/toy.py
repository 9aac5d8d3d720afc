"""A toy run through the real Runner: 24 noise images of 8 px, a linear backbone, two epochs in a second."""

import itertools
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModule
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.datasets import BaseDataset
from torch import Tensor, nn
from torch.utils.data import DataLoader

from sslreg.registry import DATASETS, MODELS, TRANSFORMS

LR = dict(type='CosineSchedule', start=1e-2, end=0)

RUNS = itertools.count()  # two runs of one name, MMEngine's default within a second, would share their curves


@MODELS.register_module(force=True)
class ToyBackbone(BaseModule):
    """Global average pooling of one convolution, with dropout so that random numbers matter."""

    def __init__(self, drop_rate: float = 0.0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(drop_rate)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (self.drop(self.norm(self.conv(images)).relu()),)


@MODELS.register_module(force=True)
class ToyLinear(BaseModule):
    """Each image for itself, so that a batch may be divided over ranks."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3 * 8 * 8, 8)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (self.linear(images.flatten(1))[..., None, None],)


@DATASETS.register_module(force=True)
class ToyDataset(BaseDataset):
    METAINFO = dict(classes=('even', 'odd'))

    def __init__(self, length: int = 24, **kwargs: Any) -> None:
        self.length = length
        super().__init__(ann_file='', **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        images = np.random.default_rng(0).integers(0, 256, (self.length, 8, 8, 3), dtype=np.uint8)
        return [dict(img=image, gt_label=i % 2) for i, image in enumerate(images)]


@TRANSFORMS.register_module(force=True)
class ToyNoise:
    """Adds numpy's, so that worker seeds matter."""

    def __call__(self, results: dict[str, Any]) -> dict[str, Any]:
        noise = np.random.randint(-20, 20, results['img'].shape)
        return dict(results, img=np.clip(results['img'] + noise, 0, 255).astype(np.uint8))


def model(drop_rate: float = 0.0, **overrides: Any) -> dict[str, Any]:
    return (
        dict(
            type='MemorySSL',
            backbone=dict(type='ToyBackbone', drop_rate=drop_rate),
            neck=dict(type='ProjectionNeck', in_channels=8, hid_channels=16, out_channels=4),
            memory=dict(type='QueueMemory', length=16, feat_dim=4, num_blocks=2),
            head=dict(type='ViewMemoryHead', loss=dict(type='ViewMemoryCELoss')),
            teacher=dict(type='EMATeacher', momentum=0.1),
            num_key_views=2,
            data_preprocessor=dict(mean=[127.5] * 3, std=[64.0] * 3),
        )
        | overrides
    )


def loader(batch_size: int, shuffle: bool, pipeline: list[dict[str, Any]], **overrides: Any) -> dict[str, Any]:
    return (
        dict(
            batch_size=batch_size,
            num_workers=0,
            worker_init_fn=dict(type='sslreg.datasets.seeding.worker_init_fn'),
            collate_fn=dict(type='default_collate'),
            sampler=dict(type='DefaultSampler', shuffle=shuffle, round_up=shuffle),
            dataset=dict(type='ToyDataset', pipeline=pipeline),
        )
        | overrides
    )


def build_loader(batch_size: int = 10, shuffle: bool = False, **overrides: Any) -> DataLoader:
    """A loader of images without views, outside of a Runner."""
    with DefaultScope.overwrite_default_scope('sslreg'):
        return Runner.build_dataloader(loader(batch_size, shuffle, [dict(type='PackInputs')], **overrides), seed=0)


def config(work_dir: Path, epochs: int = 2, **overrides: Any) -> Config:
    views = [dict(type='MultiView', num_views=[3], transforms=[[dict(type='ToyNoise')]]), dict(type='PackInputs')]
    bank = loader(10, False, [dict(type='PackInputs')])
    knn = dict(type='ClassificationBenchmark', train=bank['dataset'], kinds=[dict(type='Pooled')])
    knn['probes'] = [dict(type='KNNProbe', ks=(1, 3))]
    return (
        Config(
            dict(
                default_scope='sslreg',
                model=model(
                    head=dict(
                        type='ViewMemoryHead',
                        loss=dict(type='ViewMemoryCELoss'),
                        teacher_temp=dict(type='WarmupSchedule', start=0.04, end=0.07, warmup=0.5),
                    )
                ),
                train_dataloader=loader(8, True, views, drop_last=True),
                val_dataloader=bank,
                test_dataloader=bank,
                train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=epochs),
                val_cfg=dict(type='BenchmarkValLoop', benchmarks=[knn]),
                test_cfg=dict(type='BenchmarkTestLoop'),
                val_evaluator=dict(),
                test_evaluator=dict(),
                optim_wrapper=dict(type='SSLOptimWrapper', optimizer=dict(type='AdamW', lr=LR)),
                default_hooks=dict(
                    seed=dict(type='EpochSeedHook'),
                    memory=dict(type='MemoryCheckHook'),
                    logger=dict(type='LoggerHook', interval=1),
                    checkpoint=dict(type='PlainCheckpointHook', interval=1),
                ),
                randomness=dict(seed=0),
                log_level='WARNING',
                work_dir=str(work_dir),
                experiment_name=f'toy_{next(RUNS)}',
            )
        )
        if not overrides
        else _merged(config(work_dir, epochs), overrides)
    )


def instance_config(work_dir: Path, epochs: int = 2, memory: dict[str, Any] | None = None, **overrides: Any) -> Config:
    """The toy for single-branch methods: one view, no teacher, an entry per image."""
    cfg = config(work_dir, epochs)
    memory = dict(type='CorrectedInstanceMemory', length=24, feat_dim=4, init='network') | (memory or {})
    cfg.model = model(memory=memory, head=dict(type='InstanceHead', losses=[dict(type='SqrtKLLoss')]), teacher=None)
    cfg.model.num_key_views = 1
    cfg.optim_wrapper.optimizer.lr = 1e-2
    cfg.train_dataloader.dataset.pipeline[0].num_views = [1]
    return _merged(cfg, overrides)


class _Stop(Exception):
    pass


class _StopAfter(Hook):
    priority = 'LOWEST'

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def after_train_epoch(self, runner: Runner) -> None:
        if runner.epoch + 1 == self.epoch:
            raise _Stop


def interrupt(cfg: Config, epoch: int) -> None:
    """Train and break off after an epoch, when its checkpoint has been written."""
    runner = Runner.from_cfg(cfg)
    runner.register_hook(_StopAfter(epoch))
    with suppress(_Stop):
        runner.train()


def resume(cfg: Config) -> Runner:
    """Go on with what was broken off."""
    cfg.resume = True
    cfg.experiment_name = 'resumed'
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def _merged(cfg: Config, overrides: dict[str, Any]) -> Config:
    cfg.merge_from_dict({name.replace('__', '.'): value for name, value in overrides.items()})
    return cfg


def train(work_dir: Path, epochs: int = 2, **overrides: Any) -> Runner:
    """Train the toy; ``a__b=value`` overrides ``a.b`` of its config."""
    runner = Runner.from_cfg(config(work_dir, epochs, **overrides))
    runner.train()
    return runner


def state(runner: Runner) -> dict[str, Tensor]:
    model = getattr(runner.model, 'module', runner.model)
    return {name: torch.as_tensor(value).clone() for name, value in model.state_dict().items()}
