"""MaSSL with a loss term that limits memorisation (https://arxiv.org/abs/2401.12233, Eq. 3), for two CPU cores.

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_massl_limited_small.py --out work_dirs/sslmem/limited_small
    python tools/sslmem.py score work_dirs/sslmem/limited_small
    python tools/sslmem.py compare work_dirs/sslmem/limits work_dirs/sslmem/massl_small work_dirs/sslmem/limited_small

resnet9_cifar10_massl_small.py with a term that drives views apart after a third of the training (the paper: from epoch 200 of
600, with 0.1). A positive ``model.head.alignment.weight.end`` strengthens alignment, as the released code does. Not yet run.
"""

from mmengine.config import read_base

from sslreg.engine import SwitchSchedule
from sslreg.models import AlignedHead, AlignmentLoss, ResNet9

with read_base():
    from ..massl.resnet18_cifar10_small import *

model.backbone = dict(type=ResNet9)
model.neck.in_channels = 256
model.head = dict(
    type=AlignedHead,
    head=model.head,
    alignment=dict(
        type=AlignmentLoss,
        weight=dict(type=SwitchSchedule, start=0.0, end=-0.1, at=200 / 600),  # at is a share of the training
        distance='angular'))
train_cfg.val_interval = 25
