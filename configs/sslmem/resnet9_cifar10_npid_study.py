r"""Single-branch SSL (https://arxiv.org/abs/2404.19289) with ResNet-9 on 1,500 images of CIFAR-10 at 16 pixels: a study of minutes on two CPU cores.

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_npid_study.py --out work_dirs/sslmem/npid_study --seeds 0 1 --share 0.2
    python tools/sslmem.py score work_dirs/sslmem/npid_study --views 10 --layers "layers\.\d+" "residuals\.\d+" representation

resnet9_cifar10_npid_small.py (with SqrtKL) with fewer and smaller images and more epochs: f and g see 1,200 images 120
times, one view each time. Figures: docs/results.md.
"""

from mmengine.config import read_base

from sslreg.models import ResNet9

with read_base():
    from ..npid.resnet18_cifar10_small import *

model.backbone = dict(type=ResNet9)
model.neck.in_channels = 256
model.memory.length = 1_500
train_dataloader.dataset.dataset.indices = 1_500
train_dataloader.dataset.views[0].update(size=16, scale=(0.3, 1.0))
val_cfg.benchmarks[0].train.indices = 1_500

train_cfg.update(max_epochs=120, val_interval=120)
