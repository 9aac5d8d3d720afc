"""ImageNet-1k with 1 % of the labels: weighted k-NN and logistic regression (arXiv 2407.17486).

    bash tools/dist_test.sh CONFIG CHECKPOINT 8 --benchmarks imagenet_1percent

The lists are SimCLR's, which the papers use: ``data/imagenet/1percent.txt``, one file name per
line. Without this file, equally many images of each class are drawn, and the results say so. Not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .imagenet import *

benchmark.update(
    probes=[dict(knn, ks=(10,)), logistic],
    subset=dict(list_file='data/imagenet/1percent.txt', fraction=0.01))
reference = {  # ViT-B/16; the poster does not say which k
    'DINO': {'pooled/knn/k10/top1': 62.5, 'pooled/logistic/lambda1e-05/top1': 67.1},
    'iBOT': {'pooled/knn/k10/top1': 66.3, 'pooled/logistic/lambda1e-05/top1': 69.6},
    'MaSSL': {'pooled/knn/k10/top1': 68.8, 'pooled/logistic/lambda1e-05/top1': 71.3},
}
# SOP's solver of logistic regression stops early; here the minimum is reached (docs/agreement.md).
reference_source = 'poster of MaSSL (arXiv 2407.17486); logistic regression by a solver that stops 5.6 % above the minimum'
