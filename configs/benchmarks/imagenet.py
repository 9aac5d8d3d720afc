"""ImageNet-1k: weighted k-NN and logistic regression on all training images.

    bash tools/dist_test.sh CONFIG CHECKPOINT 8 --benchmarks imagenet

Not yet run.
"""

from mmengine.config import read_base

from sslreg.evaluation import ClassificationBenchmark

with read_base():
    from .._base_.benchmarks.imagenet import *
    from .._base_.benchmarks.probes import *

benchmark = dict(
    type=ClassificationBenchmark, train=imagenet_train, test=imagenet_val, kinds=kinds, probes=[knn, logistic])
