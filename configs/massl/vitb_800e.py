"""MaSSL, ViT-B/16, ImageNet-1k, 800 epochs (https://arxiv.org/abs/2407.17486).

    bash tools/dist_train.sh configs/massl/vitb_800e.py 8

vitb_400e.py for twice as long; the paper reports ViT-B at 400 epochs. Here: not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .vitb_400e import *

epochs = 800
train_cfg.max_epochs = epochs
custom_hooks[0].schedule.warmup = 10 / epochs  # learning rate
custom_hooks[2].schedule.warmup = 50 / epochs  # teacher temperature
