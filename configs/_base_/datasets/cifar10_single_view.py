"""CIFAR-10, one augmented view of 32 px as in the released code of arXiv 2404.19289: no blur, its mean and std."""

from mmengine.config import read_base

with read_base():
    from .cifar10 import *
    from .moco_colour import *

data_preprocessor.update(mean=[125.3, 123.0, 113.9], std=[51.6, 50.9, 51.3])

view = [
    dict(type=RandomResizedCrop, scale=32, crop_ratio_range=(0.2, 1.0), **bilinear),
    *moco_colour,
    dict(type=RandomFlip, prob=0.5),
]
train_pipeline = [
    dict(type=RGBToBGR),
    dict(type=MultiView, num_views=[1], transforms=[view]),
    dict(type=PackInputs),
]
train_dataloader.update(batch_size=512)
train_dataloader.dataset.pipeline = train_pipeline
