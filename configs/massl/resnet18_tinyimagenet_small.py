"""MaSSL (https://arxiv.org/abs/2407.17486) on 20,000 images of Tiny-ImageNet, for two CPU cores.

    python tools/train.py configs/massl/resnet18_tinyimagenet_small.py

resnet18_cifar10_small.py with an ordinary ResNet-18 of half the width, so that it carries over to photographs, detection
and segmentation. Needs data/tinyimagenet_a/{train,val}.npz (docs/data.md). k-NN (k = 100) on 2026-11-29: 11.2 % of 100
classes; docs/results.md has the gains for detection and segmentation.
"""

from mmengine.config import read_base
from mmpretrain.models import ResNet

with read_base():
    from .resnet18_cifar10_small import *

model.data_preprocessor.update(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
model.backbone = dict(type=ResNet, depth=18, stem_channels=32, base_channels=32)
model.neck.in_channels = 256

train_dataloader.dataset.views[0].size = 64
train_dataloader.dataset.views[1].size = 32
train_dataloader.dataset.dataset.update(data_root='data/tinyimagenet_a', indices=None)
val_dataloader.dataset.update(data_root='data/tinyimagenet_a', ann_file='val.npz', indices=None)
test_dataloader.dataset = val_dataloader.dataset
val_cfg.benchmarks[0].train.update(data_root='data/tinyimagenet_a', indices=None)

train_cfg.max_epochs = 10
