"""SimCLR (https://arxiv.org/abs/2002.05709) with ResNet-9 on 10,000 images of CIFAR-10, for two CPU cores.

    python tools/sslmem.py train configs/sslmem/resnet9_cifar10_simclr_small.py --out work_dirs/sslmem/simclr_small
    python tools/sslmem.py score work_dirs/sslmem/simclr_small

resnet9_cifar10_simclr_600e.py with batches of 128 and Adam at 1e-3, as in released code. f and g see 9,000 images, and
1,000 are scored in each set except the shared one. Not yet run.
"""

from mmengine.config import read_base
from torch.optim import Adam

from sslreg.engine import CosineSchedule

with read_base():
    from .resnet9_cifar10_simclr_600e import *

batch_size = 128

optim_wrapper.paramwise_cfg = None
optim_wrapper.optimizer = dict(
    type=Adam, lr=dict(type=CosineSchedule, start=1e-3, end=0.0, warmup='1ep'), weight_decay=1e-6)
auto_scale_lr.base_batch_size = batch_size

train_dataloader.update(batch_size=batch_size, num_workers=1)
train_dataloader.dataset.dataset.indices = 10_000
val_dataloader.dataset.indices = 2_000
test_dataloader.dataset.indices = 10_000
val_cfg.benchmarks[0].train.indices = 10_000
train_cfg.update(max_epochs=10, val_interval=10)
