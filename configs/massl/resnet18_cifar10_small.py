"""MaSSL (https://arxiv.org/abs/2407.17486) on 10,000 images of CIFAR-10, for two CPU cores.

    python tools/train.py configs/massl/resnet18_cifar10_small.py

resnet18_cifar10_packed_200e.py with a narrower network, fewer views and a faster teacher for its few steps. Needs
data/cifar10/{train,test}.npz (docs/data.md). Figures: docs/results.md.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.cifar10_packed import *
    from .resnet18_cifar10_200e import *

train_dataloader.dataset.dataset = packed_train
val_cfg.benchmarks[0].train = packed_bank
val_dataloader.dataset = dict(**packed_test, indices=2_000)
test_dataloader.dataset = dict(**packed_test, indices=10_000)

model.backbone.update(stem_channels=16, base_channels=16)
model.neck.update(in_channels=128, hid_channels=512, out_channels=128)
model.memory.update(length=8192, feat_dim=128)  # 4 blocks of 2048
model.head.teacher_temp = 0.04
model.teacher.momentum.start = 1 - 0.95  # few steps, a fast teacher
optim_wrapper.dtype = 'float32'
optim_wrapper.optimizer.lr.warmup = '1ep'
auto_scale_lr.base_batch_size = 128

train_dataloader.update(batch_size=128, num_workers=1)
train_dataloader.dataset.dataset.indices = 10_000
train_dataloader.dataset.views[1].update(num=2, scale=(0.15, 0.5))
val_cfg.benchmarks[0].train.indices = 10_000

train_cfg.update(max_epochs=25, val_interval=1)
