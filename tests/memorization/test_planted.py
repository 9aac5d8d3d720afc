"""Images that are planted in f's training set come out as the most memorised."""

from itertools import product

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from sklearn.metrics import roc_auc_score

from sslreg.datasets import SplitPart, set_view_key  # noqa: F401
from sslreg.memorization import scoring, splits, study
from sslreg.memorization.encoders import encoder
from sslreg.memorization.layers import Layers
from sslreg.evaluation.store import FeatureStore

SPLIT = splits.in_order(500, 50, 0.2)  # 300 shared images, 100 candidates, 100 independent ones
PLANTED = SPLIT.candidate[:50]
COPIES = 20


def config(cifar10, method: str, epochs: int, lr: float) -> Config:
    cfg = Config.fromfile(f'configs/{method}/resnet18_cifar10_small.py')
    dataset = dict(
        type='PackedImages', data_root=str(cifar10), ann_file='train.npz', pipeline=[dict(type='LoadImage')], indices=500
    )
    cfg.train_dataloader.update(batch_size=64, num_workers=0)
    cfg.train_dataloader.dataset.dataset = dataset
    cfg.train_dataloader.dataset.views = [dict(cfg.train_dataloader.dataset.views[0], size=16)]
    cfg.test_dataloader.dataset.update(data_root=str(cifar10), indices=50)
    cfg.model.backbone = dict(type='ResNet9')
    cfg.model.neck.update(in_channels=256, hid_channels=128, out_channels=64)
    cfg.model.memory.update(feat_dim=64)
    if method == 'massl':
        cfg.train_dataloader.dataset.views[0].update(num=2)
        cfg.model.memory.update(length=256)
        cfg.custom_hooks[0].schedule.update(start=lr)
    else:
        cfg.custom_hooks[0].schedule.start = lr
    cfg.train_cfg.update(max_epochs=epochs, val_interval=1000)
    cfg.default_hooks.checkpoint = None
    cfg.log_level = 'ERROR'
    cfg.update(val_cfg=None, val_dataloader=None, val_evaluator=None, test_cfg=None, test_evaluator=None)
    return cfg


def trained(cfg: Config, images: list[int], epochs: int, work_dir) -> torch.nn.Module:
    cfg = Config(cfg.to_dict())
    cfg.train_dataloader.dataset.dataset.indices = images
    if 'Instance' in str(cfg.model.memory.type):
        cfg.model.memory.length = len(images)
    cfg.train_cfg.max_epochs = epochs
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = work_dir.name
    test = cfg.pop('test_dataloader')
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner.model.eval()
