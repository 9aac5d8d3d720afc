"""MaSSL (https://arxiv.org/abs/2407.17486) on CIFAR-100, ResNet-18: resnet18_cifar10_200e.py on the other dataset.

    python tools/train.py configs/massl/resnet18_cifar100_200e.py

Not yet run.
"""

from mmengine.config import read_base
from mmpretrain.datasets import CIFAR100

with read_base():
    from .resnet18_cifar10_200e import *

model.data_preprocessor.update(mean=[129.3, 124.1, 112.4], std=[68.2, 65.4, 70.4])  # of CIFAR-100
train_dataloader.dataset.dataset.update(type=CIFAR100, data_root='data/cifar100')
val_dataloader.dataset.update(type=CIFAR100, data_root='data/cifar100')
test_dataloader.dataset.update(type=CIFAR100, data_root='data/cifar100')
val_cfg.benchmarks[0].train.update(type=CIFAR100, data_root='data/cifar100')
