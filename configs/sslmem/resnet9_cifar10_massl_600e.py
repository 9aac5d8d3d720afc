r"""MaSSL (https://arxiv.org/abs/2407.17486) with the ResNet-9 of LayerMem (https://arxiv.org/abs/2409.19069), CIFAR-10.

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_massl_600e.py --out work_dirs/sslmem/resnet9_massl --seeds 0 1 2
    python tools/sslmem.py score work_dirs/sslmem/resnet9_massl --layers "layers\.\d+" "residuals\.\d+" representation

f and g are trained on 45,000 images for 600 epochs, as in https://arxiv.org/abs/2401.12233. LayerMem of SimCLR there
rises from .091 (layers.0) to .308 (layers.7) and .311 (residuals.1); of MaSSL there is none. Not yet run.
"""

from mmengine.config import read_base

from sslreg.models import ResNet9

with read_base():
    from .._base_.datasets.cifar10_packed import *
    from ..massl.resnet18_cifar10_200e import *

train_dataloader.dataset.dataset = packed_train
val_cfg.benchmarks[0].train = packed_bank
val_dataloader.dataset = packed_test
test_dataloader = val_dataloader

model.backbone = dict(type=ResNet9)
model.neck.in_channels = 256
optim_wrapper.optimizer.lr.warmup = '60ep'
train_cfg.update(max_epochs=600, val_interval=50)
