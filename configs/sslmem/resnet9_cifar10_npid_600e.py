r"""Single-branch SSL (https://arxiv.org/abs/2404.19289) with the ResNet-9 of LayerMem (https://arxiv.org/abs/2409.19069).

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_npid_600e.py --out work_dirs/sslmem/resnet9_npid --seeds 0 1 2
    python tools/sslmem.py score work_dirs/sslmem/resnet9_npid --layers "layers\.\d+" "residuals\.\d+" representation

On CIFAR-10; f and g are trained on 45,000 images for 600 epochs, as in https://arxiv.org/abs/2401.12233. The memory's
length is set to the images that each sees. Not yet run.
"""

from mmengine.config import read_base

from sslreg.models import ResNet9

with read_base():
    from .._base_.datasets.cifar10_packed import *
    from ..npid.resnet18_cifar10_400e_sqrtkl import *

train_dataloader.dataset.dataset = packed_train
val_cfg.benchmarks[0].train = packed_bank
val_dataloader.dataset = packed_test
test_dataloader = val_dataloader

model.backbone = dict(type=ResNet9)
model.neck.in_channels = 256
train_cfg.update(max_epochs=600, val_interval=50)
