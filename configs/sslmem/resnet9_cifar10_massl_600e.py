r"""MaSSL (https://arxiv.org/abs/2407.17486) with the ResNet-9 of LayerMem (https://arxiv.org/abs/2409.19069), CIFAR-10.

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_massl_600e.py --out work_dirs/sslmem/resnet9_massl --seeds 0 1 2
    python tools/sslmem.py score work_dirs/sslmem/resnet9_massl --layers "layers\.\d+" "residuals\.\d+" representation

f and g are trained on 45,000 images for 600 epochs, as in https://arxiv.org/abs/2401.12233. LayerMem of SimCLR there
rises from .091 (layers.0) to .308 (layers.7) and .311 (residuals.1); of MaSSL there is none. Not yet run.
"""

from mmengine.config import read_base

from sslreg.models import ResNet9

with read_base():
    from ..massl.resnet18_cifar10_packed_200e import *

epochs = 600

model.backbone = dict(type=ResNet9)
model.neck.in_channels = 256
train_cfg.update(max_epochs=epochs, val_interval=50)
custom_hooks[0].schedule.warmup = 60 / epochs  # learning rate
custom_hooks[2].schedule.warmup = 30 / epochs  # teacher temperature
