"""ImageNet-1k, 2 x 224 + 10 x 96 px: the augmentations of DINO with MaSSL's crop scales (arXiv 2407.17486).

Folders ``data/imagenet/{train,val}/CLASS/*.JPEG``; any other folder by ``--data-root``. Workers cut and resize, colours
change on the model's device; to have workers do that too:
``--cfg-options train_dataloader.dataset.pipeline.1.type=ColoredMultiCrop``.
"""

from mmengine.config import read_base
from mmengine.dataset import DefaultSampler
from mmpretrain.datasets import CenterCrop, PackInputs, ResizeEdge

from sslreg.datasets import ImageFolder, LoadImage, MultiCrop, PackViews, collate, worker_init_fn

with read_base():
    from ..knn import *

data_root = 'data/imagenet'
global_scale = (0.32, 1.0)
local_scale = (0.05, 0.32)
dino_colors = dict(jitter=dict(brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1), jitter_prob=0.8, gray=0.2)
moco_colors = dict(jitter=dict(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1), jitter_prob=0.8, gray=0.2)

data_preprocessor = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True, non_blocking=True)

views = [
    dict(size=224, scale=global_scale, flip=0.5, **dino_colors, blur=1.0),
    dict(size=224, scale=global_scale, flip=0.5, **dino_colors, blur=0.1, solarize=0.2),
    dict(size=96, scale=local_scale, flip=0.5, **dino_colors, blur=0.5, num=10),
]

train_dataloader = dict(
    batch_size=128,
    num_workers=12,
    drop_last=True,
    pin_memory=True,
    worker_init_fn=dict(type=worker_init_fn),
    collate_fn=dict(type=collate),
    sampler=dict(type=DefaultSampler, shuffle=True),
    dataset=dict(
        type=ImageFolder,
        data_root=data_root,
        data_prefix='train',
        pipeline=[dict(type=LoadImage), dict(type=MultiCrop, views=views), dict(type=PackViews)]))

test_pipeline = [
    dict(type=LoadImage),
    dict(type=ResizeEdge, scale=256, edge='short', backend='pillow', interpolation='bicubic'),
    dict(type=CenterCrop, crop_size=224),
    dict(type=PackInputs),
]
val_cfg.benchmarks[0].train = dict(type=ImageFolder, data_root=data_root, data_prefix='train', pipeline=test_pipeline)
val_dataloader = dict(
    batch_size=256,
    num_workers=12,
    pin_memory=True,
    collate_fn=dict(type=collate),
    sampler=dict(type=DefaultSampler, shuffle=False, round_up=False),
    dataset=dict(type=ImageFolder, data_root=data_root, data_prefix='val', pipeline=test_pipeline))
test_dataloader = val_dataloader
