"""Single-branch SSL (https://arxiv.org/abs/2404.19289) on CIFAR-10, ResNet-18, 400 epochs.

    python tools/train.py configs/npid/resnet18_cifar10_400e_sqrtkl.py

NPID (resnet18_cifar10_200e.py) with the paper's three changes: a memory filled by the untrained network, the corrected
update of all entries, and 20 times SqrtKL, on untempered cosines as released. We know of no published accuracies.
MoCo v2's band at 200 epochs is 84.7 k-NN (lightly), at 1000 epochs 92.9 linear (solo-learn). Here: not yet run.
"""

from mmengine.config import read_base
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.models import ResNet_CIFAR

from sslreg.models import CorrectedInstanceMemory, InstanceHead, MemorySSL, ProjectionNeck, ReleasedSqrtKLLoss

with read_base():
    from .._base_.datasets.cifar10 import *
    from .._base_.default_runtime import *
    from .._base_.schedules.npid import *

batch_size = 512

data_preprocessor.update(mean=[125.3, 123.0, 113.9], std=[51.6, 50.9, 51.3])
views = [dict(size=32, scale=(0.2, 1.0), interpolation='bilinear', flip=0.5, **moco_colors)]  # no blur
train_dataloader.update(batch_size=batch_size)
train_dataloader.dataset.views = views

model = dict(
    type=MemorySSL,
    data_preprocessor=data_preprocessor,
    backbone=dict(type=ResNet_CIFAR, depth=18, zero_init_residual=False, init_cfg=None),  # torch's own start
    neck=dict(
        type=ProjectionNeck, in_channels=512, hid_channels=2048, out_channels=2048, norm_cfg=dict(type='BN1d'),
        act_cfg=dict(type='ReLU'), init_std=None),
    memory=dict(
        type=CorrectedInstanceMemory, length=50_000, feat_dim=2048, momentum=0.5, rows='all', init='network'),
    head=dict(type=InstanceHead, temperature=0.2, losses=[dict(type=ReleasedSqrtKLLoss, weight=20.0)]))

auto_scale_lr = dict(base_batch_size=batch_size)

train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=400, val_interval=10)
