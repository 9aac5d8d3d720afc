"""ImageNet-1k with 1 label per class, averaged over three draws: logistic regression, as MSN does (https://arxiv.org/abs/2204.07141).

    bash tools/dist_test.sh CONFIG CHECKPOINT 8 --benchmarks imagenet_1shot

Not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .imagenet import *

benchmark.update(
    probes=[logistic],
    subset=dict(images_per_class=1, seeds=(0, 1, 2)))
reference = {  # the poster says neither the backbone nor the classifier, nor how many draws
    'MoCo-v3': {'pooled/logistic/lambda1e-05/top1': 37.7, 'pooled/logistic/lambda1e-05/top1_std': 0.3},
    'DINO': {'pooled/logistic/lambda1e-05/top1': 39.2, 'pooled/logistic/lambda1e-05/top1_std': 0.4},
    'iBOT': {'pooled/logistic/lambda1e-05/top1': 42.2, 'pooled/logistic/lambda1e-05/top1_std': 0.7},
    'MaSSL': {'pooled/logistic/lambda1e-05/top1': 44.8, 'pooled/logistic/lambda1e-05/top1_std': 0.4},
}
# SOP's solver of logistic regression stops early; here the minimum is reached (docs/agreement.md).
reference_source = 'poster of MaSSL (arXiv 2407.17486); logistic regression by a solver that stops 5.6 % above the minimum'
