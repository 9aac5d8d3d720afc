"""ImageNet-1k, one augmented view of 224 px as in the released code of arXiv 2404.19289 (MoCo v2's augmentations).

Folders ``data/imagenet/{train,val}/CLASS/*.JPEG``; any other folder by ``--data-root``.
"""

from mmengine.config import read_base

with read_base():
    from .imagenet_multicrop import *
    from .moco_colour import *

view = [
    dict(type=RandomResizedCrop, scale=224, crop_ratio_range=(0.2, 1.0), **bilinear),
    *moco_colour,
    dict(**blur, prob=0.5),
    dict(type=RandomFlip, prob=0.5),
]
train_dataloader.update(batch_size=64)
train_dataloader.dataset.pipeline = [
    dict(type=LoadImage),
    dict(type=MultiView, num_views=[1], transforms=[view]),
    dict(type=PackInputs),
]
