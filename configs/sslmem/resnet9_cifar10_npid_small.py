"""Single-branch SSL (https://arxiv.org/abs/2404.19289) with ResNet-9 on 10,000 images of CIFAR-10, for two CPU cores.

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_npid_small.py --out work_dirs/sslmem/npid_small
    python tools/sslmem.py score work_dirs/sslmem/npid_small

../npid/resnet18_cifar10_small.py with the network of https://arxiv.org/abs/2409.19069 and more epochs. f and g see 9,000
images, and 1,000 are scored in each set except the shared one. Not yet run.
"""

from mmengine.config import read_base

from sslreg.models import ResNet9

with read_base():
    from ..npid.resnet18_cifar10_small import *

model.backbone = dict(type=ResNet9)
model.neck.in_channels = 256
train_cfg.update(max_epochs=25, val_interval=25)
