"""MaSSL, ViT-B/16, ImageNet-1k, 400 epochs (https://arxiv.org/abs/2407.17486).

    bash tools/dist_train.sh configs/massl/vitb_400e.py 8

Hyper-parameters are those of the authors' command for ViT-B/16, at a batch of 8 x 128 and with the paper's memory of
65536 in blocks of 16384. The released command's memory:
``--cfg-options model.memory.length=131072 model.memory.num_blocks=8``.

Paper (ViT-B): k-NN with 1 % / 10 % of the labels 68.8 / 74.1, linear 70.4 / 76.4. Here: not yet run.
"""

from mmengine.config import read_base
from mmengine.runner import EpochBasedTrainLoop

from sslreg.engine import CosineSchedule, WarmupSchedule
from sslreg.models import (EMATeacher, MemorySSL, ProjectionNeck, QueueMemory, SSLVisionTransformer, ViewMemoryCELoss,
                           ViewMemoryHead)

with read_base():
    from .._base_.datasets.imagenet_multicrop import *
    from .._base_.default_runtime import *
    from .._base_.schedules.massl import *

batch_size = 8 * 128
lr = 7.5e-4 * batch_size / 256

model = dict(
    type=MemorySSL,
    data_preprocessor=data_preprocessor,
    backbone=dict(
        type=SSLVisionTransformer, arch='deit-base', img_size=224, patch_size=16, out_type='cls_token',
        drop_path_rate=0.1),
    neck=dict(type=ProjectionNeck, in_channels=768, hid_channels=2048, out_channels=256),
    memory=dict(type=QueueMemory, length=65536, feat_dim=256, num_blocks=4),  # 4 blocks of 16384
    head=dict(
        type=ViewMemoryHead,
        loss=dict(type=ViewMemoryCELoss),
        student_temp=0.1,
        teacher_temp=dict(type=WarmupSchedule, start=0.04, end=0.07, warmup='50ep')),
    teacher=dict(type=EMATeacher, momentum=dict(type=CosineSchedule, start=1 - 0.996, end=0.0)),  # share of the student
    num_key_views=2)

optim_wrapper.dtype = 'bfloat16'
optim_wrapper.optimizer.fused = True
optim_wrapper.optimizer.lr.update(start=lr, end=2e-6, warmup='10ep')
auto_scale_lr = dict(base_batch_size=batch_size)

train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=400, val_interval=50)
