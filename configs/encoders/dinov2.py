"""DINOv2's ViT-S/14 (https://arxiv.org/abs/2304.07193), without registers. Untrained without a checkpoint.

    python tools/convert_checkpoint.py dinov2_vits14_pretrain.pth --to sslreg --config configs/encoders/dinov2.py
        --out FILE
    python tools/test.py configs/encoders/dinov2.py FILE --benchmarks retrieval_mini

Others, for both commands: ``--cfg-options model.backbone.arch=deit-base``, ``large``, or ``dinov2-giant`` with
``model.backbone.layer_cfgs.ffn_type=swiglu_fused``. With registers: ``configs/encoders/timm.py`` and
``model.backbone.model_name=vit_small_patch14_reg4_dinov2``.
"""

from mmengine.config import read_base

with read_base():
    from .vit import *

model.backbone.update(patch_size=14, img_size=518, layer_scale_init_value=1e-5)
