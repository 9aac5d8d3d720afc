"""ImageNet-1k, 2 x 224 + 10 x 96 px: the augmentations of DINO with MaSSL's crop scales (arXiv 2407.17486).

Folders ``data/imagenet/{train,val}/CLASS/*.JPEG``; any other folder by ``--data-root``.
"""

from mmengine.config import read_base
from mmengine.dataset import DefaultSampler, default_collate
from mmpretrain.datasets import (CenterCrop, GaussianBlur, MultiView, PackInputs, RandomResizedCrop, ResizeEdge, Solarize)

from sslreg.datasets import ImageFolder, LoadImage, worker_init_fn

with read_base():
    from .colour import *

data_root = 'data/imagenet'
global_scale = (0.32, 1.0)
local_scale = (0.05, 0.32)

data_preprocessor = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True, non_blocking=True)

blur = dict(type=GaussianBlur, magnitude_range=(0.1, 2.0), magnitude_std='inf')
global_view_1 = [
    dict(type=RandomResizedCrop, scale=224, crop_ratio_range=global_scale, **pillow), *colour,
    dict(**blur, prob=1.0),
]
global_view_2 = [
    dict(type=RandomResizedCrop, scale=224, crop_ratio_range=global_scale, **pillow), *colour,
    dict(**blur, prob=0.1),
    dict(type=Solarize, thr=128, prob=0.2),
]
local_view = [
    dict(type=RandomResizedCrop, scale=96, crop_ratio_range=local_scale, **pillow), *colour,
    dict(**blur, prob=0.5),
]

train_dataloader = dict(
    batch_size=128,
    num_workers=12,
    drop_last=True,
    pin_memory=True,
    worker_init_fn=dict(type=worker_init_fn),
    collate_fn=dict(type=default_collate),
    sampler=dict(type=DefaultSampler, shuffle=True),
    dataset=dict(
        type=ImageFolder,
        data_root=data_root,
        data_prefix='train',
        pipeline=[
            dict(type=LoadImage),
            dict(type=MultiView, num_views=[1, 1, 10], transforms=[global_view_1, global_view_2, local_view]),
            dict(type=PackInputs),
        ]))

test_pipeline = [
    dict(type=LoadImage),
    dict(type=ResizeEdge, scale=256, edge='short', **pillow),
    dict(type=CenterCrop, crop_size=224),
    dict(type=PackInputs),
]
bank_dataloader = dict(
    batch_size=256,
    num_workers=12,
    pin_memory=True,
    collate_fn=dict(type=default_collate),
    sampler=dict(type=DefaultSampler, shuffle=False, round_up=False),
    dataset=dict(type=ImageFolder, data_root=data_root, data_prefix='train', pipeline=test_pipeline))
val_dataloader = dict(
    batch_size=256,
    num_workers=12,
    pin_memory=True,
    collate_fn=dict(type=default_collate),
    sampler=dict(type=DefaultSampler, shuffle=False, round_up=False),
    dataset=dict(type=ImageFolder, data_root=data_root, data_prefix='val', pipeline=test_pipeline))
test_dataloader = val_dataloader
