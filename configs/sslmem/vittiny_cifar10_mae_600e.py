"""MAE (https://arxiv.org/abs/2111.06377), ViT-Tiny with patches of 2 pixels, as in https://arxiv.org/abs/2409.19069, CIFAR-10.

    python tools/sslmem.py train configs/sslmem/vittiny_cifar10_mae_600e.py --out work_dirs/sslmem/vittiny_mae --seeds 0 1 2
    python tools/sslmem.py score work_dirs/sslmem/vittiny_mae --layers residuals representation

mmpretrain's MAE with that paper's settings: 600 epochs, 60 of warm-up, batches of 2048, AdamW at 1.2e-3; a decoder of 4
layers as wide as the encoder, images from -1 to 1, as in the released code of https://arxiv.org/abs/2401.12233. That code has
no augmentation except the mask; the crops and flips here are those of MAE, because scores compare views. Views are scored
without a mask, all tokens in their order side by side (``--part mean`` or ``first``: their mean, the class token). LayerMem of
the last block: .280 behind attention, .304 behind the MLP. Not yet run.
"""

from mmengine.config import read_base
from mmengine.runner import EpochBasedTrainLoop
from mmpretrain.models import MAE, MAEPretrainDecoder, MAEPretrainHead, MAEViT, PixelReconstructionLoss
from torch.optim import AdamW

from sslreg.engine import CosineSchedule, MatrixDecayConstructor, SSLOptimWrapper
from sslreg.models import SingleViewPreprocessor

with read_base():
    from .._base_.datasets.cifar10_sslmem import *
    from .._base_.default_runtime import *

batch_size = 2048

model = dict(
    type=MAE,
    data_preprocessor=dict(type=SingleViewPreprocessor, mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True),
    backbone=dict(type=MAEViT, arch='deit-tiny', img_size=32, patch_size=2, mask_ratio=0.75),  # 192 wide, 12 layers
    neck=dict(
        type=MAEPretrainDecoder, num_patches=256, patch_size=2, embed_dim=192, decoder_embed_dim=192, decoder_depth=4,
        decoder_num_heads=3),
    head=dict(type=MAEPretrainHead, patch_size=2, loss=dict(type=PixelReconstructionLoss, criterion='L2')))

train_dataloader.batch_size = batch_size
train_dataloader.dataset.views = [dict(size=32, scale=(0.2, 1.0), flip=0.5)]
optim_wrapper = dict(
    type=SSLOptimWrapper,
    dtype='bfloat16',
    constructor=MatrixDecayConstructor,
    optimizer=dict(
        type=AdamW,
        lr=dict(type=CosineSchedule, start=1.5e-4 * batch_size / 256, end=0.0, warmup='60ep'),
        betas=(0.9, 0.95),
        weight_decay=0.05,
        fused=True))
auto_scale_lr = dict(base_batch_size=batch_size)

train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=600, val_interval=50)
