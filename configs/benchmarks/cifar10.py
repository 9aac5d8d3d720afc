"""CIFAR-10 as packed JPEG, in ``data/cifar10/{train,test}.npz`` (docs/data.md): k-NN and logistic regression on images as they are.

    python tools/test.py CONFIG CHECKPOINT --benchmarks cifar10
"""

from mmengine.config import read_base
from mmpretrain.datasets import PackInputs

from sslreg.datasets import LoadImage, PackedImages
from sslreg.evaluation import ClassificationBenchmark

with read_base():
    from .._base_.benchmarks.probes import *

packed = dict(type=PackedImages, data_root='data/cifar10', pipeline=[dict(type=LoadImage), dict(type=PackInputs)])
benchmark = dict(
    type=ClassificationBenchmark,
    train=dict(**packed, ann_file='train.npz'),
    test=dict(**packed, ann_file='test.npz'),
    kinds=kinds,
    probes=[knn, logistic])
