"""NPID (https://arxiv.org/abs/1805.01978) on CIFAR-10, ResNet-18, 200 epochs: the control of the single-branch method.

    python tools/train.py configs/npid/resnet18_cifar10_200e.py

Network, optimizer and temperature of the released code of https://arxiv.org/abs/2404.19289, but a memory that starts
from random directions and moves by the moving average, and no SqrtKL. That code also differs in drawing 10000 negatives
where the softmax here is over the whole memory (``model.memory.num_negatives=10000``), in CutMix
(``model.mixing.type=InstanceCutMix``), in batch norm over 128 images of 4 GPUs, and in a learning rate
that changes by epochs. Not yet run.
"""

from mmengine.config import read_base
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.models import ResNet_CIFAR
from torch.optim import SGD

from sslreg.engine import CosineSchedule, OptimizerScheduleHook, ProbeTestLoop, ProbeValLoop, SSLOptimWrapper
from sslreg.models import InstanceHead, InstanceMemory, MemorySSL, ProjectionNeck

with read_base():
    from .._base_.datasets.cifar10_single_view import *
    from .._base_.default_runtime import *
    from .._base_.knn import *

epochs = 200
batch_size = 512
lr = 1.0

model = dict(
    type=MemorySSL,
    data_preprocessor=data_preprocessor,
    backbone=dict(type=ResNet_CIFAR, depth=18, zero_init_residual=False, init_cfg=None),  # torch's own start
    neck=dict(
        type=ProjectionNeck, in_channels=512, hid_channels=2048, out_channels=2048, norm_cfg=dict(type='BN1d'),
        act_cfg=dict(type='ReLU'), init_std=None),
    memory=dict(type=InstanceMemory, length=50_000, feat_dim=2048, momentum=0.5),
    head=dict(type=InstanceHead, temperature=0.2))

optim_wrapper = dict(type=SSLOptimWrapper, optimizer=dict(type=SGD, lr=lr, momentum=0.9, weight_decay=1e-4))
auto_scale_lr = dict(base_batch_size=batch_size)

custom_hooks = [
    dict(type=OptimizerScheduleHook, param='lr', schedule=dict(type=CosineSchedule, start=lr, end=0.0)),
]

train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=epochs, val_interval=10)
val_cfg = dict(type=ProbeValLoop, bank_dataloader=bank_dataloader, probe=probe)
test_cfg = dict(type=ProbeTestLoop, bank_dataloader=bank_dataloader, probe=probe)
