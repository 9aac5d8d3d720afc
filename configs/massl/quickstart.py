"""MaSSL on tiles of 19 photographs: a few minutes on two CPU cores (https://arxiv.org/abs/2407.17486).

    bash tools/quickstart.sh

Our port to a small scale: a narrow CIFAR ResNet-18 with batch norm in the neck, a queue of one epoch (19 x 100 tiles),
2 local crops, no blur, schedules of the paper's shape. Figures: docs/results.md.
"""

from mmengine.config import read_base
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.models import ResNet_CIFAR

from sslreg.engine import CosineSchedule, WarmupSchedule
from sslreg.models import EMATeacher, MemorySSL, ProjectionNeck, QueueMemory, ViewMemoryCELoss, ViewMemoryHead

with read_base():
    from .._base_.datasets.photo_tiles import *
    from .._base_.default_runtime import *
    from .._base_.schedules.massl import *

model = dict(
    type=MemorySSL,
    data_preprocessor=data_preprocessor,
    backbone=dict(type=ResNet_CIFAR, depth=18, stem_channels=24, base_channels=24, strides=(2, 2, 2, 1)),
    neck=dict(type=ProjectionNeck, in_channels=192, hid_channels=512, out_channels=128, norm_cfg=dict(type='BN1d')),
    memory=dict(type=QueueMemory, length=2048, feat_dim=128, num_blocks=4),  # 4 blocks of 512
    head=dict(
        type=ViewMemoryHead,
        loss=dict(type=ViewMemoryCELoss),
        student_temp=0.1,
        teacher_temp=dict(type=WarmupSchedule, start=0.04, end=0.07, warmup='1ep')),
    teacher=dict(type=EMATeacher, momentum=dict(type=CosineSchedule, start=1 - 0.99, end=0.0)),  # share of the student
    num_key_views=2)

optim_wrapper.optimizer.lr.update(end=1e-5, warmup='1ep')
auto_scale_lr = dict(base_batch_size=batch_size)

val_cfg.benchmarks[0].probes[0].ks = (10, 20)  # of 1900 tiles, 100 a class
train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=10, val_interval=1)
