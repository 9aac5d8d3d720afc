"""Images that f saw twenty times as often as others, in a real training, are those that it memorised most."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModule
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import Tensor, nn

from sslreg.datasets import BatchedViews
from sslreg.evaluation import FeatureStore
from sslreg.memorization import Split, Study, scoring
from sslreg.memorization.layers import Layers
from sslreg.models import InstanceMemory
from sslreg.models.adapters import as_encoder
from sslreg.registry import DATASETS, MEMORIES, MODELS

DATA = Path('data/cifar10')
SPLIT = Split(list(range(100)), list(range(100, 200)), list(range(200, 300)), [])
PLANTED, TIMES = SPLIT.candidate[:50], 20
JITTER = dict(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)
VIEWS = [dict(size=16, num=1, scale=(0.8, 1), flip=0.5, jitter=JITTER, jitter_prob=0.8, gray=0.2)]


@MODELS.register_module(force=True)
class PixelMLP(BaseModule):
    """Wide enough to know every image by heart: no convolution makes views of an image alike."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten())
        for width in (3 * 16 * 16, 512):
            self.layers.extend([nn.Linear(width, 512), nn.BatchNorm1d(512), nn.ReLU()])

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return (self.layers(images),)


@MEMORIES.register_module(force=True)
class UnevenMemory(InstanceMemory):
    """An instance memory for a training set that shows some images often and others never."""

    def check(self, batch_size: int, num_images: int) -> None:
        pass


@DATASETS.register_module(force=True)
class RepeatedViews(BatchedViews):
    """Some images several times, each time with a view of its own, by the number of the image."""

    def __init__(self, dataset: dict[str, Any], views: list[dict[str, Any]], images: list[int]) -> None:
        self.numbers = torch.tensor(images)
        super().__init__(dict(dataset, indices=images), views)

    def __getitems__(self, indices: list[int]) -> dict[str, Any]:
        batch = super().__getitems__(indices)
        batch['data_samples'] = self.numbers[np.asarray(indices)]
        return batch


def config(work_dir: Path, images: list[int], epochs: int) -> Config:
    """Instance discrimination over 300 images, of which only ``images`` are seen."""
    cifar = dict(type='PackedImages', data_root=str(DATA), ann_file='train.npz', pipeline=[dict(type='LoadImage')])
    steps = epochs * (len(images) // 64)
    return Config(
        dict(
            default_scope='sslreg',
            model=dict(
                type='MemorySSL',
                data_preprocessor=dict(mean=[125.3, 123.0, 113.9], std=[63.0, 62.1, 66.7], to_rgb=True),
                backbone=dict(type='PixelMLP'),
                neck=dict(type='ProjectionNeck', in_channels=512, hid_channels=128, out_channels=64,
                          norm_cfg=dict(type='BN1d')),
                memory=dict(type='UnevenMemory', length=300, feat_dim=64, momentum=0.5),
                head=dict(type='InstanceHead', temperature=0.2),
            ),
            train_dataloader=dict(
                batch_size=64, num_workers=0, drop_last=True, collate_fn=dict(type='sslreg.datasets.collate'),
                sampler=dict(type='DefaultSampler', shuffle=True),
                dataset=dict(type='RepeatedViews', dataset=cifar, views=VIEWS, images=images),
            ),
            train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=epochs),
            optim_wrapper=dict(type='SSLOptimWrapper', optimizer=dict(type='AdamW', lr=2e-3, weight_decay=1e-4)),
            param_scheduler=dict(type='CosineAnnealingLR', T_max=steps, by_epoch=False),
            default_hooks=dict(checkpoint=None),
            work_dir=str(work_dir),
            experiment_name=str(work_dir).replace('/', '_'),
            log_level='ERROR',
            randomness=dict(seed=0),
        )
    )  # fmt: skip


def trained(work_dir: Path, images: list[int], epochs: int) -> nn.Module:
    runner = Runner.from_cfg(config(work_dir, images, epochs))
    runner.train()
    return runner.model.eval()


def auc(positive: Tensor, negative: Tensor) -> float:
    return (positive[:, None] > negative).double().mean().item()


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason='needs data/cifar10 (docs/data.md)')
def test_images_seen_twenty_times_as_often_are_memorised_most(tmp_path):
    with DefaultScope.overwrite_default_scope('sslreg'):
        study = config(tmp_path, SPLIT.shared, 1)
        study.train_dataloader.dataset = dict(
            type='BatchedViews', dataset=study.train_dataloader.dataset.dataset, views=VIEWS
        )
        SPLIT.write(tmp_path / 'split.json')
        # As many steps for both: 1,020.
        f = trained(tmp_path / 'f', SPLIT.shared + SPLIT.candidate + PLANTED * (TIMES - 1), 60)
        g = trained(tmp_path / 'g', SPLIT.shared + SPLIT.independent, 340)
        protocol = scoring.Protocol(num_views=20)
        pair = scoring.EncoderPair(0, *(Layers(as_encoder(model), protocol.layers) for model in (f, g)))
        store = FeatureStore(tmp_path / 'features')
        found = scoring.score_images(Study(study, tmp_path / 'split.json'), [pair], protocol, store, 300, 0)
    scores = found.sslmem[0, 0][found.index.argsort()]
    planted, others = scores[PLANTED], scores[[i for i in range(300) if i not in PLANTED]]
    assert auc(planted, others) >= 0.9
    assert planted.mean() > 0 > scores[SPLIT.independent].mean()
