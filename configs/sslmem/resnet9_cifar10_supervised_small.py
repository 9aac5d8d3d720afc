"""Supervised training with ResNet-9 on 10,000 images of CIFAR-10, for two CPU cores (beside https://arxiv.org/abs/2409.19069).

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_supervised_small.py --out work_dirs/sslmem/supervised_small
    python tools/sslmem.py score work_dirs/sslmem/supervised_small

resnet9_cifar10_supervised_600e.py with fewer images and epochs. f and g see 9,000 images, and 1,000 are scored in each
set except the shared one. Not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .resnet9_cifar10_supervised_600e import *

optim_wrapper.optimizer.lr.warmup = '1ep'
train_dataloader.num_workers = 1
train_dataloader.dataset.dataset.indices = 10_000
val_dataloader.dataset.indices = 2_000
test_dataloader.dataset.indices = 10_000
val_cfg.benchmarks[0].train.indices = 10_000
train_cfg.update(max_epochs=15, val_interval=15)
