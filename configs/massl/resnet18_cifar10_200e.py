"""MaSSL on CIFAR-10, ResNet-18, 200 epochs (https://arxiv.org/abs/2407.17486).

    python tools/train.py configs/massl/resnet18_cifar10_200e.py

The paper has no CIFAR run, so this is our port: a CIFAR stem, batch norm in the neck (see ProjectionNeck), 4 local
crops, no blur and no solarisation, lr 2e-3, EMA from 0.99, a queue shorter than the dataset. The natural control is
ReSSL, one block and no local crops: 90.63 after 1000 epochs (solo-learn, linear). Here: 200 epochs not yet run, only resnet18_cifar10_small.py.
"""

from mmengine.config import read_base
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.models import ResNet_CIFAR

from sslreg.engine import CosineSchedule, WarmupSchedule
from sslreg.models import EMATeacher, MemorySSL, ProjectionNeck, QueueMemory, ViewMemoryCELoss, ViewMemoryHead

with read_base():
    from .._base_.datasets.cifar10 import *
    from .._base_.default_runtime import *
    from .._base_.schedules.massl import *

batch_size = 256

model = dict(
    type=MemorySSL,
    data_preprocessor=data_preprocessor,
    backbone=dict(type=ResNet_CIFAR, depth=18),
    neck=dict(
        type=ProjectionNeck, in_channels=512, hid_channels=2048, out_channels=256, norm_cfg=dict(type='BN1d')),
    memory=dict(type=QueueMemory, length=16384, feat_dim=256, num_blocks=4),  # 4 blocks of 4096; 1/3 of an epoch
    head=dict(
        type=ViewMemoryHead,
        loss=dict(type=ViewMemoryCELoss),
        student_temp=0.1,
        teacher_temp=dict(type=WarmupSchedule, start=0.04, end=0.07, warmup='30ep')),
    teacher=dict(type=EMATeacher, momentum=dict(type=CosineSchedule, start=1 - 0.99, end=0.0)),  # share of the student
    num_key_views=2)

optim_wrapper.dtype = 'bfloat16'
optim_wrapper.optimizer.lr.warmup = '10ep'
auto_scale_lr = dict(base_batch_size=batch_size)

train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=200, val_interval=10)
