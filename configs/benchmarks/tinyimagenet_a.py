"""100 classes of Tiny-ImageNet, in ``data/tinyimagenet_a/{train,val}.npz`` (docs/data.md): k-NN and logistic regression on images as they are.

    python tools/test.py CONFIG CHECKPOINT --benchmarks tinyimagenet_a
"""

from mmengine.config import read_base

with read_base():
    from .cifar10 import *

benchmark.train.data_root = benchmark.test.data_root = 'data/tinyimagenet_a'
benchmark.test.ann_file = 'val.npz'
