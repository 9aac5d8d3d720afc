"""MAE (https://arxiv.org/abs/2111.06377), ViT-Tiny with patches of 4 pixels, on 10,000 images of CIFAR-10, for two CPU cores.

    python tools/sslmem.py train configs/sslmem/vittiny_cifar10_mae_small.py --out work_dirs/sslmem/mae_small
    python tools/sslmem.py score work_dirs/sslmem/mae_small

vittiny_cifar10_mae_600e.py with a quarter of the tokens and a decoder of one narrow layer. f and g see 9,000 images, and
1,000 are scored in each set except the shared one. Not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .vittiny_cifar10_mae_600e import *

batch_size = 128

model.backbone.patch_size = model.neck.patch_size = model.head.patch_size = 4
model.neck.update(num_patches=64, decoder_embed_dim=96, decoder_depth=1)
optim_wrapper.dtype = 'float32'
optim_wrapper.optimizer.lr.update(start=1e-3, warmup='1ep')
auto_scale_lr.base_batch_size = batch_size

train_dataloader.update(batch_size=batch_size, num_workers=1)
train_dataloader.dataset.dataset.indices = 10_000
val_dataloader.dataset.indices = 2_000
test_dataloader.dataset.indices = 10_000
val_cfg.benchmarks[0].train.indices = 10_000
train_cfg.update(max_epochs=10, val_interval=10)
