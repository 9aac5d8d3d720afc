"""ImageNet-1k with 10 % of the labels: weighted k-NN and logistic regression (arXiv 2407.17486).

    bash tools/dist_test.sh CONFIG CHECKPOINT 8 --benchmarks imagenet_10percent

The lists are SimCLR's, which the papers use: ``data/imagenet/10percent.txt``, one file name per
line. Without this file, equally many images of each class are drawn, and the results say so. Not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .imagenet_1percent import *

benchmark.subset = dict(list_file='data/imagenet/10percent.txt', fraction=0.1)
reference = {  # ViT-B/16; the poster does not say which k
    'DINO': {'pooled/knn/k10/top1': 70.1, 'pooled/logistic/lambda1e-05/top1': 74.2},
    'iBOT': {'pooled/knn/k10/top1': 72.9, 'pooled/logistic/lambda1e-05/top1': 75.9},
    'MaSSL': {'pooled/knn/k10/top1': 74.1, 'pooled/logistic/lambda1e-05/top1': 76.3},
}
