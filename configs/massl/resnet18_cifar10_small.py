"""MaSSL (https://arxiv.org/abs/2407.17486) on 10,000 images of CIFAR-10, for two CPU cores.

    python tools/train.py configs/massl/resnet18_cifar10_small.py

Needs data/cifar10/{train,test}.npz (docs/data.md). Figures: docs/results.md.
"""

from mmengine.config import read_base

from sslreg.datasets import LoadImage, PackedImages

with read_base():
    from .resnet18_cifar10_200e import *

epochs = 10
num_images = 10_000

model.backbone.update(stem_channels=16, base_channels=16, strides=(2, 2, 2, 1))
model.neck.update(in_channels=128, hid_channels=512, out_channels=128)
model.memory.update(length=8192, feat_dim=128)
optim_wrapper.dtype = 'float32'

train_dataloader.num_workers = 1
train_dataloader.dataset = dict(
    type=PackedImages, data_root=data_root, ann_file='train.npz', indices=num_images,
    pipeline=[dict(type=LoadImage), *train_pipeline[1:]])
bank_dataloader.dataset = dict(
    type=PackedImages, data_root=data_root, ann_file='train.npz', indices=num_images,
    pipeline=[dict(type=LoadImage), dict(type=PackInputs)])
val_dataloader.dataset = dict(
    type=PackedImages, data_root=data_root, ann_file='test.npz', indices=2_000,
    pipeline=[dict(type=LoadImage), dict(type=PackInputs)])
test_dataloader = val_dataloader
val_cfg.bank_dataloader = bank_dataloader
test_cfg.bank_dataloader = bank_dataloader

train_cfg.update(max_epochs=epochs, val_interval=1)
custom_hooks[0].schedule.warmup = 1 / epochs
custom_hooks[2].schedule.warmup = 2 / epochs
