r"""Supervised training with ResNet-9 and augmentations of https://arxiv.org/abs/2409.19069 on CIFAR-10, as a comparison.

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_supervised_600e.py --out work_dirs/sslmem/resnet9_supervised --seeds 0 1 2
    python tools/sslmem.py score work_dirs/sslmem/resnet9_supervised --layers "layers\.\d+" "residuals\.\d+" representation

mmpretrain's classifier on one view per image, with the augmentations of resnet9_cifar10_simclr_600e.py, so both are
scored on the same ones; the paper has weaker ones for supervised training. Optimizer and rate are ours. Not yet run.
"""

from mmengine.config import read_base
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.models import CrossEntropyLoss, GlobalAveragePooling, ImageClassifier, LinearClsHead
from torch.optim import SGD

from sslreg.datasets import LabelledViews
from sslreg.engine import CosineSchedule, MatrixDecayConstructor, SSLOptimWrapper
from sslreg.models import ResNet9, SingleViewPreprocessor

with read_base():
    from .._base_.datasets.cifar10_sslmem import *
    from .._base_.default_runtime import *

batch_size = 128

model = dict(
    type=ImageClassifier,
    data_preprocessor=dict(type=SingleViewPreprocessor, **data_preprocessor),
    backbone=dict(type=ResNet9),
    neck=dict(type=GlobalAveragePooling),
    head=dict(type=LinearClsHead, num_classes=10, in_channels=256, loss=dict(type=CrossEntropyLoss), cal_acc=False))

train_dataloader.dataset.views[0].num = 1
train_dataloader.update(batch_size=batch_size)
train_dataloader.dataset.type = LabelledViews
optim_wrapper = dict(
    type=SSLOptimWrapper,
    constructor=MatrixDecayConstructor,
    optimizer=dict(
        type=SGD,
        lr=dict(type=CosineSchedule, start=0.02, end=0.0, warmup='5ep'),
        momentum=0.9,
        weight_decay=5e-4))
auto_scale_lr = dict(base_batch_size=batch_size)

train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=600, val_interval=50)
