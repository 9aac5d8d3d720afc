"""Clothing, 10 classes of photographs, in ``data/clothing10/{train,test}.npz`` (docs/data.md).

k-NN and logistic regression on central squares of 112 px.

    python tools/test.py CONFIG CHECKPOINT --benchmarks clothing10
"""

from mmengine.config import read_base
from mmpretrain.datasets import CenterCrop, PackInputs, ResizeEdge

from sslreg.datasets import LoadImage

with read_base():
    from .cifar10 import *

pipeline = [
    dict(type=LoadImage),
    dict(type=ResizeEdge, scale=112, edge='short', backend='pillow', interpolation='bicubic'),
    dict(type=CenterCrop, crop_size=112),
    dict(type=PackInputs),
]
benchmark.train.update(data_root='data/clothing10', pipeline=pipeline)
benchmark.test.update(data_root='data/clothing10', pipeline=pipeline)
