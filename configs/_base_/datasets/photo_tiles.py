"""Tiles of 19 photographs, 48 px: 2 global crops of 32 px and 2 local ones of 16 px."""

from mmcv.transforms import Resize
from mmengine.config import read_base
from mmengine.dataset import DefaultSampler
from mmpretrain.datasets import PackInputs

from sslreg.datasets import BatchedViews, PhotoTiles, collate, worker_init_fn

with read_base():
    from ..knn import *

batch_size = 128
size = 32  # of global crops and of the images that are evaluated; local crops have half
tiles_per_class = 100
dino_colors = dict(jitter=dict(brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1), jitter_prob=0.8, gray=0.2)

data_preprocessor = dict(mean=[127.5, 127.5, 127.5], std=[64.0, 64.0, 64.0], to_rgb=True)
views = [
    dict(size=size, scale=(0.32, 1.0), flip=0.5, **dino_colors, num=2),
    dict(size=size // 2, scale=(0.15, 0.5), flip=0.5, **dino_colors, num=2),
]

train_dataloader = dict(
    batch_size=batch_size,
    num_workers=1,
    drop_last=True,
    worker_init_fn=dict(type=worker_init_fn),
    collate_fn=dict(type=collate),
    sampler=dict(type=DefaultSampler, shuffle=True),
    dataset=dict(
        type=BatchedViews,
        dataset=dict(type=PhotoTiles, split='train', tiles_per_class=tiles_per_class),
        views=views))

test_pipeline = [
    dict(type=Resize, scale=(size, size), backend='pillow', interpolation='bicubic'),
    dict(type=PackInputs),
]
val_cfg.benchmarks[0].train = dict(type=PhotoTiles, split='train', tiles_per_class=tiles_per_class, pipeline=test_pipeline)
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    collate_fn=dict(type=collate),
    sampler=dict(type=DefaultSampler, shuffle=False, round_up=False),
    dataset=dict(type=PhotoTiles, split='test', tiles_per_class=25, pipeline=test_pipeline))
test_dataloader = val_dataloader
