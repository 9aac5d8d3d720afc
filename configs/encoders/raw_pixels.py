"""Raw pixels, resized to 32 x 32: a lower bound for networks.

    python tools/test.py configs/encoders/raw_pixels.py --benchmarks retrieval_mini
"""

from mmengine.config import read_base

from sslreg.models import Encoder, PixelBackbone

with read_base():
    from .._base_.default_runtime import *

model = dict(
    type=Encoder,
    backbone=dict(type=PixelBackbone, size=32),
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True))
