"""100 classes of Tiny-ImageNet, in ``data/tinyimagenet_a/{train,val}.npz`` (docs/data.md): k-NN and logistic regression on images as they are.

    python tools/test.py CONFIG CHECKPOINT --benchmarks tinyimagenet_a
"""

from mmengine.config import read_base
from mmpretrain.datasets import PackInputs

from sslreg.datasets import LoadImage, PackedImages
from sslreg.evaluation import ClassificationBenchmark

with read_base():
    from .._base_.benchmarks.probes import *

packed = dict(type=PackedImages, data_root='data/tinyimagenet_a', pipeline=[dict(type=LoadImage), dict(type=PackInputs)])
benchmark = dict(
    type=ClassificationBenchmark,
    train=dict(**packed, ann_file='train.npz'),
    test=dict(**packed, ann_file='val.npz'),
    kinds=kinds,
    probes=[knn, logistic])
