"""Single-branch SSL (https://arxiv.org/abs/2404.19289) on 10,000 images of CIFAR-10, for two CPU cores.

    python tools/train.py configs/npid/resnet18_cifar10_small.py

resnet18_cifar10_400e_sqrtkl.py with a narrower network, smaller batches and fewer epochs; what the changes of the paper
do on it is studied by ``python -m benchmarks.npid_study``. Needs data/cifar10/{train,test}.npz (docs/data.md). Figures:
docs/results.md.
"""

from mmengine.config import read_base

from sslreg.datasets import LoadImage, PackedImages

with read_base():
    from .resnet18_cifar10_400e_sqrtkl import *

epochs = 15
lr = 0.25  # 1.0 per 512 images

model.backbone.update(stem_channels=16, base_channels=16, strides=(2, 2, 2, 1))
model.neck.update(in_channels=128, hid_channels=512, out_channels=128)
model.memory.update(length=10_000, feat_dim=128)
optim_wrapper.optimizer.lr = lr
auto_scale_lr.base_batch_size = 128
custom_hooks[0].schedule.start = lr

packed_test_pipeline = [dict(type=LoadImage), dict(type=PackInputs)]
train_dataloader.update(batch_size=128, num_workers=1)
train_dataloader.dataset = dict(
    type=PackedImages, data_root=data_root, ann_file='train.npz', indices=10_000,
    pipeline=[dict(type=LoadImage), *train_pipeline[1:]])  # without RGBToBGR: LoadImage gives BGR
bank_dataloader.dataset = dict(
    type=PackedImages, data_root=data_root, ann_file='train.npz', indices=10_000, pipeline=packed_test_pipeline)
val_dataloader.dataset = dict(
    type=PackedImages, data_root=data_root, ann_file='test.npz', pipeline=packed_test_pipeline)
test_dataloader = val_dataloader
train_cfg.update(max_epochs=epochs, val_interval=1)
val_cfg.bank_dataloader = bank_dataloader
test_cfg.bank_dataloader = bank_dataloader
