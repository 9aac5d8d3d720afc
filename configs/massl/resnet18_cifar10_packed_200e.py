"""MaSSL (https://arxiv.org/abs/2407.17486) on CIFAR-10 as packed JPEG: like resnet18_cifar10_200e.py, from packed files.

    python tools/train.py configs/massl/resnet18_cifar10_packed_200e.py

Needs data/cifar10/{train,test}.npz (docs/data.md). Not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.cifar10_packed import *
    from .resnet18_cifar10_200e import *

train_dataloader.dataset.dataset = packed_train
val_cfg.benchmarks[0].train = packed_bank
val_dataloader.dataset = packed_test
test_dataloader = val_dataloader
