"""Histograms of 8 x 8 x 8 colours: a lower bound for networks.

    python tools/test.py configs/encoders/color_histogram.py --benchmarks retrieval_mini
"""

from mmengine.config import read_base

from sslreg.models import ColorHistogramBackbone, Encoder

with read_base():
    from .._base_.default_runtime import *

model = dict(type=Encoder, backbone=dict(type=ColorHistogramBackbone, bins=8), data_preprocessor=dict(to_rgb=True))
