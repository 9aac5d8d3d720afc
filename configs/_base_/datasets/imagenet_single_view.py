"""ImageNet-1k, one augmented view of 224 px as in the released code of arXiv 2404.19289 (MoCo v2's augmentations).

Folders ``data/imagenet/{train,val}/CLASS/*.JPEG``; any other folder by ``--data-root``.
"""

from mmengine.config import read_base

with read_base():
    from .imagenet_multicrop import *

views = [dict(size=224, scale=(0.2, 1.0), interpolation='bilinear', flip=0.5, **moco_colors, blur=0.5)]
train_dataloader.update(batch_size=64)
train_dataloader.dataset.pipeline[1].views = views
