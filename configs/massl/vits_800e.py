"""MaSSL, ViT-S/16, ImageNet-1k, 800 epochs (https://arxiv.org/abs/2407.17486).

    bash tools/dist_train.sh configs/massl/vits_800e.py 8

Hyper-parameters are those of the authors' command for ViT-S/16, at a batch of 8 x 128 and with the paper's memory;
the released command's: ``--cfg-options model.memory.length=131072 model.memory.num_blocks=8``.

Paper: transfer k-NN averaged over 8 datasets 63.3 / 63.4 / 62.4 / 61.8 at k = 10 / 20 / 100 / 200. Here: not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .vitb_400e import *

lr = 5e-4 * batch_size / 256

model.backbone.arch = 'deit-small'  # 384 wide, 12 layers, 6 heads; mmpretrain's 'small' is another network
model.neck.in_channels = 384
model.head.teacher_temp.warmup = '30ep'
model.teacher.momentum.start = 1 - 0.992
optim_wrapper.optimizer.lr.update(start=lr, end=1e-6, warmup=0.0)
train_cfg.max_epochs = 800
