"""Single-branch SSL (https://arxiv.org/abs/2404.19289) on CIFAR-10, ResNet-18, 400 epochs.

    python tools/train.py configs/npid/resnet18_cifar10_400e_sqrtkl.py

NPID (resnet18_cifar10_200e.py) with the paper's three changes: a memory filled by the untrained network, the corrected
update of all entries, and 20 times SqrtKL, on untempered cosines as released. We know of no published accuracies.
MoCo v2's band at 200 epochs is 84.7 k-NN (lightly), at 1000 epochs 92.9 linear (solo-learn). Here: not yet run.
"""

from mmengine.config import read_base

from sslreg.engine import MemoryInitHook
from sslreg.models import CorrectedInstanceMemory, ReleasedSqrtKLLoss

with read_base():
    from .resnet18_cifar10_200e import *

epochs = 400

model.memory.update(type=CorrectedInstanceMemory, rows='all')
model.head.losses = [dict(type=ReleasedSqrtKLLoss, weight=20.0)]
custom_hooks.append(dict(type=MemoryInitHook))
train_cfg.max_epochs = epochs
