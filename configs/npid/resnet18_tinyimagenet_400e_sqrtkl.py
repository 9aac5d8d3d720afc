"""Single-branch SSL (https://arxiv.org/abs/2404.19289) on Tiny-ImageNet, ResNet-18, 400 epochs.

    python tools/train.py configs/npid/resnet18_tinyimagenet_400e_sqrtkl.py

Needs ``data/tiny-imagenet-200/{train,val}/CLASS/*.JPEG`` (docs/data.md). The paper gives epochs, batch and lambda for
all small datasets, the released code a blur for folders of images; the rest is CIFAR-10's, at 64 px behind a first
stage of stride 2. Not yet run.
"""

from mmengine.config import read_base

from sslreg.datasets import ImageFolder, LoadImage, MultiCrop, PackViews

with read_base():
    from .resnet18_cifar10_400e_sqrtkl import *

data_root = 'data/tiny-imagenet-200'
views[0].update(size=64, blur=0.5)
folder_pipeline = [dict(type=LoadImage), dict(type=PackInputs)]

model.data_preprocessor.update(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
model.backbone.strides = (2, 2, 2, 2)
model.memory.length = 100_000

train_dataloader.dataset = dict(
    type=ImageFolder, data_root=data_root, data_prefix='train',
    pipeline=[dict(type=LoadImage), dict(type=MultiCrop, views=views), dict(type=PackViews)])
val_cfg.benchmarks[0].train = dict(type=ImageFolder, data_root=data_root, data_prefix='train', pipeline=folder_pipeline)
val_dataloader.dataset = dict(type=ImageFolder, data_root=data_root, data_prefix='val', pipeline=folder_pipeline)
test_dataloader = val_dataloader
