"""Single-branch SSL (https://arxiv.org/abs/2404.19289) on 10,000 images of CIFAR-10, for two CPU cores.

    python tools/train.py configs/npid/resnet18_cifar10_small.py

resnet18_cifar10_packed_400e_sqrtkl.py with a narrower network, smaller batches and fewer epochs;
``python -m benchmarks.npid_study`` measures the effect of each change of the paper on it. Needs data/cifar10/{train,test}.npz
(docs/data.md). Figures: docs/results.md.
"""

from mmengine.config import read_base

with read_base():
    from .._base_.datasets.cifar10_packed import *
    from .resnet18_cifar10_400e_sqrtkl import *

train_dataloader.dataset.dataset = packed_train
val_cfg.benchmarks[0].train = packed_bank
val_dataloader.dataset = packed_test
test_dataloader = val_dataloader

batch_size = 64

model.backbone.update(stem_channels=16, base_channels=16, strides=(2, 2, 2, 1))
model.neck.update(in_channels=128, hid_channels=512, out_channels=128)
model.memory.update(length=10_000, feat_dim=128)
optim_wrapper.optimizer.lr.start = batch_size / 512
auto_scale_lr.base_batch_size = batch_size

train_dataloader.update(batch_size=batch_size, num_workers=1)
train_dataloader.dataset.dataset.indices = 10_000
val_cfg.benchmarks[0].train.indices = 10_000
train_cfg.update(max_epochs=8, val_interval=2)
