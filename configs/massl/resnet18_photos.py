"""MaSSL with ResNet-18 on a folder of photographs, for one GPU or a CPU (https://arxiv.org/abs/2407.17486).

    python tools/train.py configs/massl/resnet18_photos.py --data-root FOLDER

FOLDER has 64 images or more, at any depth; where it has train/CLASS/ and val/CLASS/, k-NN accuracy is measured every 10
epochs. vits_800e.py with a ResNet-18, smaller views and memory, and the quick start's learning rate. Not yet run to the
end.
"""

from mmengine.config import read_base
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.models import ResNet

from sslreg.engine import CosineSchedule, WarmupSchedule
from sslreg.models import EMATeacher, MemorySSL, ProjectionNeck, QueueMemory, ViewMemoryCELoss, ViewMemoryHead

with read_base():
    from .._base_.datasets.photos import *
    from .._base_.default_runtime import *
    from .._base_.schedules.massl import *

model = dict(
    type=MemorySSL,
    data_preprocessor=data_preprocessor,
    backbone=dict(type=ResNet, depth=18),
    neck=dict(type=ProjectionNeck, in_channels=512, hid_channels=2048, out_channels=256, norm_cfg=dict(type='BN1d')),
    memory=dict(type=QueueMemory, length=4096, feat_dim=256, num_blocks=4),  # 4 blocks of 1024
    head=dict(
        type=ViewMemoryHead,
        loss=dict(type=ViewMemoryCELoss),
        student_temp=0.1,
        teacher_temp=dict(type=WarmupSchedule, start=0.04, end=0.07, warmup=0.1)),
    teacher=dict(type=EMATeacher, momentum=dict(type=CosineSchedule, start=1 - 0.99, end=0.0)),  # share of the student
    num_key_views=2)

optim_wrapper.optimizer.lr.update(start=2e-3 * batch_size / 128, end=1e-5, warmup=0.1)
auto_scale_lr = dict(base_batch_size=batch_size)

val_cfg.benchmarks[0].probes[0].ks = (10, 20)
train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=100, val_interval=10)
