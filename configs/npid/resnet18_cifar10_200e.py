"""NPID (https://arxiv.org/abs/1805.01978) on CIFAR-10, ResNet-18, 200 epochs: the control of the single-branch method.

    python tools/train.py configs/npid/resnet18_cifar10_200e.py

Network, optimizer and temperature of the released code of https://arxiv.org/abs/2404.19289, but a memory that starts
from random directions and moves by the moving average, and no SqrtKL. That code also differs in drawing 10000 negatives
where the softmax here is over the whole memory (``model.memory.num_negatives=10000``), in CutMix
(``model.mixing.type=InstanceCutMix``), in batch norm over 128 images of 4 GPUs, and in a learning rate
that changes by epochs. Not yet run.
"""

from mmengine.config import read_base

from sslreg.models import InstanceHead, InstanceMemory

with read_base():
    from .resnet18_cifar10_400e_sqrtkl import *

model.memory = dict(type=InstanceMemory, length=50_000, feat_dim=2048, momentum=0.5)
model.head = dict(type=InstanceHead, temperature=0.2)
train_cfg.max_epochs = 200
