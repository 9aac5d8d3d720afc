"""CIFAR-10 as packed JPEG, in ``data/cifar10/{train,test}.npz`` (docs/data.md): linear probes on random views of 32 px.

    python tools/test.py CONFIG CHECKPOINT --benchmarks cifar10_linear

Run on a part of the images, for 20 epochs: docs/results.md.
"""

from mmengine.config import read_base

from sslreg.datasets import LoadImage, MultiCrop, PackViews
from sslreg.evaluation import LinearBenchmark

with read_base():
    from .cifar10 import kinds, packed

view = dict(size=32, scale=(0.08, 1.0), interpolation='bilinear', flip=0.5)  # torchvision's RandomResizedCrop and flip
benchmark = dict(
    type=LinearBenchmark,
    train=dict(
        packed, ann_file='train.npz', pipeline=[dict(type=LoadImage), dict(type=MultiCrop, views=[view]), dict(type=PackViews)]),
    test=dict(packed, ann_file='test.npz'),
    kinds=kinds,
    num_workers=2)
