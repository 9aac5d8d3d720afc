r"""SimCLR (https://arxiv.org/abs/2002.05709) with the ResNet-9 of LayerMem (https://arxiv.org/abs/2409.19069), CIFAR-10.

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_simclr_600e.py --out work_dirs/sslmem/resnet9_simclr --seeds 0 1 2
    python tools/sslmem.py score work_dirs/sslmem/resnet9_simclr --layers "layers\.\d+" "residuals\.\d+" representation

mmpretrain's SimCLR with that paper's settings: 600 epochs, 60 of warm-up, LARS at 4.8 and batches of 4096; temperature
0.5 and a projection by way of 512 to 128, as in the released code. Its LayerMem: .091 (layers.0) to .308 (layers.7),
.311 (residuals.1); linear probe 69 to 70.4. Not yet run.
"""

from mmengine.config import read_base
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.engine import LARS
from mmpretrain.models import ContrastiveHead, CrossEntropyLoss, NonLinearNeck, SimCLR

from sslreg.engine import CosineSchedule, MatrixDecayConstructor, SSLOptimWrapper
from sslreg.models import ResNet9, ViewPreprocessor

with read_base():
    from .._base_.datasets.cifar10_sslmem import *
    from .._base_.default_runtime import *

batch_size = 4096

model = dict(
    type=SimCLR,
    data_preprocessor=dict(type=ViewPreprocessor, **data_preprocessor),
    backbone=dict(type=ResNet9),
    neck=dict(
        type=NonLinearNeck, in_channels=256, hid_channels=512, out_channels=128, with_last_bn=False,
        with_last_bias=True, norm_cfg=dict(type='BN1d')),
    head=dict(type=ContrastiveHead, loss=dict(type=CrossEntropyLoss), temperature=0.5))

train_dataloader.batch_size = batch_size
optim_wrapper = dict(
    type=SSLOptimWrapper,
    constructor=MatrixDecayConstructor,
    paramwise_cfg=dict(rest=dict(lars_exclude=True)),
    optimizer=dict(
        type=LARS,
        lr=dict(type=CosineSchedule, start=4.8, end=0.0, warmup='60ep'),
        momentum=0.9,
        weight_decay=1e-6))
auto_scale_lr = dict(base_batch_size=batch_size)

train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=600, val_interval=50)
