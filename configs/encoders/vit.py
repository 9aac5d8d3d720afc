"""A vision transformer of DINO, iBOT or MaSSL: ViT-S/16 unless another is named. Untrained without a checkpoint.

    python tools/convert_checkpoint.py RELEASED.pth --to sslreg --config configs/encoders/vit.py --out FILE
    python tools/test.py configs/encoders/vit.py FILE --benchmarks retrieval_mini

Others, for both commands: ``--cfg-options model.backbone.arch=deit-base model.backbone.patch_size=8``.
"""

from mmengine.config import read_base

from sslreg.models import Encoder, SSLVisionTransformer

with read_base():
    from .._base_.default_runtime import *

model = dict(
    type=Encoder,
    backbone=dict(
        type=SSLVisionTransformer, arch='deit-small', img_size=224, patch_size=16, out_type='cls_token'),
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True))
