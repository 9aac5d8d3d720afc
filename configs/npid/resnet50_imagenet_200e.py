"""NPID (https://arxiv.org/abs/1805.01978) on ImageNet-1k, ResNet-50, 200 epochs, in MMSelfSup's setting.

    bash tools/dist_train.sh configs/npid/resnet50_imagenet_200e.py 8

MMSelfSup draws 65536 negatives for each image, here they are drawn for the global batch, whose own entries are
negatives too. MMSelfSup: linear 58.3, k-NN 42.9 / 44.0 / 43.2 / 42.2 at k = 10 / 20 / 100 / 200. Here: not yet run.
"""

from mmengine.config import read_base
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.datasets import MultiView, PackInputs, RandomFlip, RandomResizedCrop
from mmpretrain.models import ResNet

from sslreg.datasets import ColorJitter, LoadImage, RandomGrayscale
from sslreg.engine import StepSchedule
from sslreg.models import InstanceHead, InstanceMemory, MemorySSL, ProjectionNeck

with read_base():
    from .._base_.datasets.imagenet_single_view import *
    from .._base_.default_runtime import *
    from .._base_.schedules.npid import *

batch_size = 8 * 32

view = [
    dict(type=RandomResizedCrop, scale=224, crop_ratio_range=(0.2, 1.0), backend='pillow', interpolation='bilinear'),
    dict(type=RandomGrayscale, prob=0.2),  # before the jitter, unlike in MultiCrop
    dict(type=ColorJitter, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4),
    dict(type=RandomFlip, prob=0.5),
]
train_dataloader.update(batch_size=32)
train_dataloader.dataset.pipeline = [
    dict(type=LoadImage), dict(type=MultiView, num_views=[1], transforms=[view]), dict(type=PackInputs)]

sync_bn = 'torch'
model = dict(
    type=MemorySSL,
    data_preprocessor=data_preprocessor,
    backbone=dict(type=ResNet, depth=50),
    neck=dict(type=ProjectionNeck, in_channels=2048, hid_channels=2048, out_channels=128, num_layers=1, init_std=None),
    memory=dict(type=InstanceMemory, length=1_281_167, feat_dim=128, momentum=0.5, num_negatives=65536),
    head=dict(type=InstanceHead, temperature=0.07))

optim_wrapper.optimizer.lr = dict(type=StepSchedule, start=0.03, milestones=['120ep', '160ep'], gamma=0.1)
auto_scale_lr = dict(base_batch_size=batch_size)

train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=200, val_interval=20)
