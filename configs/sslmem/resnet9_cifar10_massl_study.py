r"""MaSSL (https://arxiv.org/abs/2407.17486) with ResNet-9 on 1,500 images of CIFAR-10 at 16 pixels: a study of minutes on two CPU cores.

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_massl_study.py --out work_dirs/sslmem/massl_study --seeds 0 1 --share 0.2
    python tools/sslmem.py score work_dirs/sslmem/massl_study --views 10 --layers "layers\.\d+" "residuals\.\d+" representation

resnet9_cifar10_massl_small.py with fewer and smaller images, two views and more epochs: f and g see 1,200 images 60
times. Figures: docs/results.md.
"""

from mmengine.config import read_base

from sslreg.models import ResNet9

with read_base():
    from ..massl.resnet18_cifar10_small import *

model.backbone = dict(type=ResNet9)
model.neck.in_channels = 256
model.memory.length = 2048  # 4 blocks of 512
model.num_key_views = 2
train_dataloader.batch_size = auto_scale_lr.base_batch_size = 64
train_dataloader.dataset.dataset.indices = 1_500
train_dataloader.dataset.views = [dict(train_dataloader.dataset.views[0], size=16, scale=(0.3, 1.0), num=2)]
val_cfg.benchmarks[0].train.indices = 1_500

train_cfg.update(max_epochs=60, val_interval=60)
