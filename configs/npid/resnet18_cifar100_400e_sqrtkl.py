"""Single-branch SSL (https://arxiv.org/abs/2404.19289) on CIFAR-100: otherwise like resnet18_cifar10_400e_sqrtkl.py.

    python tools/train.py configs/npid/resnet18_cifar100_400e_sqrtkl.py

The paper gives epochs, batch and lambda for all small datasets; all other settings are those for CIFAR-10. Not yet run.
"""

from mmengine.config import read_base
from mmpretrain.datasets import CIFAR100

with read_base():
    from .resnet18_cifar10_400e_sqrtkl import *

model.data_preprocessor.update(mean=[129.3, 124.1, 112.4], std=[68.2, 65.4, 70.4])
train_dataloader.dataset.dataset.update(type=CIFAR100, data_root='data/cifar100')
val_dataloader.dataset.update(type=CIFAR100, data_root='data/cifar100')
test_dataloader.dataset.update(type=CIFAR100, data_root='data/cifar100')
val_cfg.benchmarks[0].train.update(type=CIFAR100, data_root='data/cifar100')
