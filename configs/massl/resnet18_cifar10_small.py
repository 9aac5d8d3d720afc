"""MaSSL (https://arxiv.org/abs/2407.17486) on 10,000 images of CIFAR-10, for two CPU cores.

    python tools/train.py configs/massl/resnet18_cifar10_small.py

resnet18_cifar10_packed_200e.py with a narrower network, fewer views and a faster teacher for its few steps. Needs
data/cifar10/{train,test}.npz (docs/data.md). Figures: docs/results.md.
"""

from mmengine.config import read_base

with read_base():
    from .resnet18_cifar10_packed_200e import *

epochs = 25

model.backbone.update(stem_channels=16, base_channels=16)
model.neck.update(in_channels=128, hid_channels=512, out_channels=128)
model.memory.update(length=8192, feat_dim=128)  # 4 blocks of 2048
model.teacher.momentum = 1 - 0.95  # few steps, a fast teacher
optim_wrapper.dtype = 'float32'
auto_scale_lr.base_batch_size = 128

train_dataloader.update(batch_size=128, num_workers=1)
train_dataloader.dataset.dataset.indices = 10_000
train_dataloader.dataset.views[1].update(num=2, scale=(0.15, 0.5))
val_dataloader.dataset.indices = 2_000
test_dataloader.dataset.indices = 10_000
val_cfg.bank_dataloader.dataset.indices = 10_000
test_cfg.bank_dataloader.dataset.indices = 10_000

train_cfg.update(max_epochs=epochs, val_interval=1)
custom_hooks[0].schedule.warmup = 1 / epochs  # learning rate
custom_hooks[2].schedule.update(end=0.04, warmup=0.0)  # teacher temperature: constant
custom_hooks[3].schedule.start = 1 - 0.95  # share of the student in the new teacher
