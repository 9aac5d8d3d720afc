"""CIFAR-10 as packed JPEG (docs/data.md), two views of 32 px with the augmentations of arXiv 2409.19069 ("SSL normal")."""

from mmengine.config import read_base

with read_base():
    from .cifar10 import *
    from .cifar10_packed import *

views = [
    dict(size=32, interpolation='bilinear', flip=1.0,  # the text's 1.0: all views are mirrored
         jitter=dict(brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2), jitter_prob=0.8, gray=0.2, num=2)]

train_dataloader.dataset.views = views
train_dataloader.dataset.dataset = packed_train
val_cfg.benchmarks[0].train = packed_bank
val_dataloader.dataset = packed_test
test_dataloader = val_dataloader
