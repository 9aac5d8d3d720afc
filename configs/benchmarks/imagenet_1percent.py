"""ImageNet-1k with 1 % of the labels: weighted k-NN and logistic regression (arXiv 2407.17486).

    bash tools/dist_test.sh CONFIG CHECKPOINT 8 --benchmarks imagenet_1percent

The lists are SimCLR's, which the papers use: ``data/imagenet/1percent.txt``, a file name a line. Without them:
``subset=dict(fraction=0.01)`` in a copy of this file draws as many of each class. Not yet run.
"""

from mmengine.config import read_base

from sslreg.evaluation import ClassificationBenchmark

with read_base():
    from .._base_.benchmarks.imagenet import *
    from .._base_.benchmarks.probes import *

benchmark = dict(
    type=ClassificationBenchmark,
    train=imagenet_train,
    test=imagenet_val,
    kinds=kinds,
    probes=[dict(knn, ks=(10,)), logistic],
    subset=dict(list_file='data/imagenet/1percent.txt'))
reference = {  # ViT-B/16; the poster does not say which k
    'DINO': {'pooled/knn/k10/top1': 62.5, 'pooled/logistic/lambda1e-05/top1': 67.1},
    'iBOT': {'pooled/knn/k10/top1': 66.3, 'pooled/logistic/lambda1e-05/top1': 69.6},
    'MaSSL': {'pooled/knn/k10/top1': 68.8, 'pooled/logistic/lambda1e-05/top1': 71.3},
}
reference_source = 'poster of MaSSL (arXiv 2407.17486)'
