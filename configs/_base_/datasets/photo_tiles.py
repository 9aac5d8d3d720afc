"""Tiles of 19 photographs, 48 px: 2 global crops of 32 px and 2 local ones of 16 px."""

from mmcv.transforms import Resize
from mmengine.config import read_base
from mmengine.dataset import DefaultSampler, default_collate
from mmpretrain.datasets import MultiView, PackInputs, RandomResizedCrop

from sslreg.datasets import PhotoTiles, worker_init_fn

with read_base():
    from .colour import *

batch_size = 128
tiles_per_class = 100

data_preprocessor = dict(mean=[127.5, 127.5, 127.5], std=[64.0, 64.0, 64.0], to_rgb=True)
global_view = [dict(type=RandomResizedCrop, scale=32, crop_ratio_range=(0.32, 1.0), **pillow), *colour]
local_view = [dict(type=RandomResizedCrop, scale=16, crop_ratio_range=(0.15, 0.5), **pillow), *colour]

train_dataloader = dict(
    batch_size=batch_size,
    num_workers=1,
    drop_last=True,
    worker_init_fn=dict(type=worker_init_fn),
    collate_fn=dict(type=default_collate),
    sampler=dict(type=DefaultSampler, shuffle=True),
    dataset=dict(
        type=PhotoTiles,
        split='train',
        tiles_per_class=tiles_per_class,
        pipeline=[
            dict(type=MultiView, num_views=[2, 2], transforms=[global_view, local_view]),
            dict(type=PackInputs, algorithm_keys=()),
        ]))

test_pipeline = [dict(type=Resize, scale=(32, 32), **pillow), dict(type=PackInputs)]
bank_dataloader = dict(
    batch_size=256,
    num_workers=0,
    collate_fn=dict(type=default_collate),
    sampler=dict(type=DefaultSampler, shuffle=False, round_up=False),
    dataset=dict(type=PhotoTiles, split='train', tiles_per_class=tiles_per_class, pipeline=test_pipeline))
val_dataloader = dict(
    batch_size=256,
    num_workers=0,
    collate_fn=dict(type=default_collate),
    sampler=dict(type=DefaultSampler, shuffle=False, round_up=False),
    dataset=dict(type=PhotoTiles, split='test', tiles_per_class=25, pipeline=test_pipeline))
test_dataloader = val_dataloader
