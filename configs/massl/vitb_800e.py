"""MaSSL, ViT-B/16, ImageNet-1k, 800 epochs (https://arxiv.org/abs/2407.17486).

    bash tools/dist_train.sh configs/massl/vitb_800e.py 8

vitb_400e.py for twice as long; the paper reports ViT-B at 400 epochs. Here: not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .vitb_400e import *

train_cfg.max_epochs = 800
