"""Fashion-MNIST, 6,000 training and 3,000 test images, in ``data/fashion_mnist/fashion_mnist_6k.npz`` (docs/data.md).

k-NN and logistic regression on images of the original size.

    python tools/test.py CONFIG CHECKPOINT --benchmarks fashion_mnist
"""

from mmengine.config import read_base
from mmpretrain.datasets import PackInputs

from sslreg.datasets import NumpyImages
from sslreg.evaluation import ClassificationBenchmark

with read_base():
    from .._base_.benchmarks.probes import *

data = dict(
    type=NumpyImages,
    data_root='data/fashion_mnist',
    ann_file='fashion_mnist_6k.npz',
    metainfo=dict(classes=[
        *['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat'],
        *['Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
    ]),
    pipeline=[dict(type=PackInputs)])
benchmark = dict(
    type=ClassificationBenchmark,
    train=dict(**data, images='x_train', labels='y_train'),
    test=dict(**data, images='x_test', labels='y_test'),
    kinds=kinds,
    probes=[knn, logistic])
