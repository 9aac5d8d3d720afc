"""MaSSL, ViT-B/16, ImageNet-1k, 400 epochs (https://arxiv.org/abs/2407.17486).

    bash tools/dist_train.sh configs/massl/vitb_400e.py 8

Hyper-parameters are those of the authors' command for ViT-B/16, at a batch of 8 x 128 and with the paper's memory of
65536 in blocks of 16384. The released command's memory:
``--cfg-options model.memory.length=131072 model.memory.num_blocks=8``.

Paper (ViT-B): k-NN with 1 % / 10 % of the labels 68.8 / 74.1, linear 70.4 / 76.4. Here: not yet run.
"""

from mmengine.config import read_base
from mmengine.runner import EpochBasedTrainLoop
from torch.optim import AdamW

from sslreg.engine import (CosineSchedule, MatrixDecayConstructor, OptimizerScheduleHook, ProbeTestLoop, ProbeValLoop,
                           ScheduleHook, SSLOptimWrapper, TeacherEMAHook, WarmupSchedule)
from sslreg.models import (EMATeacher, MemorySSL, ProjectionNeck, QueueMemory, SSLVisionTransformer, ViewMemoryCELoss,
                           ViewMemoryHead)

with read_base():
    from .._base_.datasets.imagenet_multicrop import *
    from .._base_.default_runtime import *
    from .._base_.knn import *

epochs = 400
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
    head=dict(type=ViewMemoryHead, loss=dict(type=ViewMemoryCELoss), student_temp=0.1, teacher_temp=0.07),
    teacher=dict(type=EMATeacher, momentum=1 - 0.996),
    num_key_views=2)

optim_wrapper = dict(
    type=SSLOptimWrapper,
    dtype='bfloat16',
    constructor=MatrixDecayConstructor,
    optimizer=dict(type=AdamW, lr=lr, weight_decay=0.04, fused=True),
    clip_grad=dict(type='per_tensor', max_norm=3.0))
auto_scale_lr = dict(base_batch_size=batch_size)

custom_hooks = [
    dict(type=OptimizerScheduleHook, param='lr',
         schedule=dict(type=CosineSchedule, start=lr, end=2e-6, warmup=10 / epochs)),
    dict(type=OptimizerScheduleHook, param='weight_decay',
         schedule=dict(type=CosineSchedule, start=0.04, end=0.4)),
    dict(type=ScheduleHook, target='head.teacher_temp',
         schedule=dict(type=WarmupSchedule, start=0.04, end=0.07, warmup=50 / epochs)),
    dict(type=ScheduleHook, target='teacher.momentum',
         schedule=dict(type=CosineSchedule, start=1 - 0.996, end=0.0)),
    dict(type=TeacherEMAHook),
]

train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=epochs, val_interval=50)
val_cfg = dict(type=ProbeValLoop, bank_dataloader=bank_dataloader, probe=probe)
test_cfg = dict(type=ProbeTestLoop, bank_dataloader=bank_dataloader, probe=probe)
