"""Any timm model (default: ViT-S/16), with weights from a file or untrained.

    python tools/test.py configs/encoders/timm.py --benchmarks retrieval_mini
        --cfg-options model.backbone.model_name=resnet50 model.backbone.checkpoint_path=FILE

Images are normalised by ImageNet's mean and std. Some of timm's weights want others (``timm.get_pretrained_cfg(NAME)``), as
AugReg's ViTs 0.5: ``model.data_preprocessor.mean=[127.5,127.5,127.5] model.data_preprocessor.std=[127.5,127.5,127.5]``.
"""

from mmengine.config import read_base

from sslreg.models import Encoder, TimmBackbone

with read_base():
    from .._base_.default_runtime import *

model = dict(
    type=Encoder,
    backbone=dict(type=TimmBackbone, model_name='vit_small_patch16_224'),
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True))
