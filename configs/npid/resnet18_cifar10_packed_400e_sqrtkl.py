"""Single-branch SSL (https://arxiv.org/abs/2404.19289) on CIFAR-10 as packed JPEG: resnet18_cifar10_400e_sqrtkl.py.

    python tools/train.py configs/npid/resnet18_cifar10_packed_400e_sqrtkl.py

Needs data/cifar10/{train,test}.npz (docs/data.md). Not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.cifar10_packed import *
    from .resnet18_cifar10_400e_sqrtkl import *

train_dataloader.dataset.dataset = packed_train
val_cfg.benchmarks[0].train = packed_bank
val_dataloader.dataset = packed_test
test_dataloader = val_dataloader
