"""CIFAR-10, one augmented view of 32 px as in the released code of arXiv 2404.19289: no blur, its mean and std."""

from mmengine.config import read_base

with read_base():
    from .cifar10 import *

data_preprocessor.update(mean=[125.3, 123.0, 113.9], std=[51.6, 50.9, 51.3])

views = [dict(size=32, scale=(0.2, 1.0), interpolation='bilinear', flip=0.5, **moco_colors)]
train_dataloader.update(batch_size=512)
train_dataloader.dataset.views = views
