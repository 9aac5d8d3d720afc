"""MaSSL whose memorisation is limited by a term in the loss (https://arxiv.org/abs/2401.12233, Eq. 3), for two CPU cores.

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_massl_limited_small.py --out work_dirs/sslmem/limited_small
    python tools/sslmem.py score work_dirs/sslmem/limited_small
    python tools/sslmem.py compare work_dirs/sslmem/massl_small work_dirs/sslmem/limited_small --out work_dirs/sslmem/limits

resnet9_cifar10_massl_small.py, whose views are driven apart after a third of the training (the paper: from epoch 200 of
600, with 0.1). A positive ``custom_hooks.5.schedule.end`` strengthens alignment, as the released code does. Not yet run.
"""

from mmengine.config import read_base

from sslreg.engine import SwitchSchedule
from sslreg.models import AlignedHead, AlignmentLoss

with read_base():
    from .resnet9_cifar10_massl_small import *

model.head = dict(type=AlignedHead, head=model.head, alignment=dict(type=AlignmentLoss, weight=0.0, distance='angular'))
custom_hooks[2].target = 'head.head.teacher_temp'
custom_hooks.append(
    dict(type=ScheduleHook, target='head.alignment.weight',
         schedule=dict(type=SwitchSchedule, start=0.0, end=-0.1, at=200 / 600)))
