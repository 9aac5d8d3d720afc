"""ImageNet-1k with 2 labels per class; otherwise as in imagenet_1shot.py. Not yet run.

    bash tools/dist_test.sh CONFIG CHECKPOINT 8 --benchmarks imagenet_2shot
"""

from mmengine.config import read_base

with read_base():
    from .imagenet_1shot import *

benchmark.subset.images_per_class = 2
reference = {  # the poster says neither the backbone nor the classifier, nor how many draws
    'MoCo-v3': {'pooled/logistic/lambda1e-05/top1': 47.8, 'pooled/logistic/lambda1e-05/top1_std': 0.6},
    'DINO': {'pooled/logistic/lambda1e-05/top1': 49.3, 'pooled/logistic/lambda1e-05/top1_std': 0.8},
    'iBOT': {'pooled/logistic/lambda1e-05/top1': 52.8, 'pooled/logistic/lambda1e-05/top1_std': 0.3},
    'MaSSL': {'pooled/logistic/lambda1e-05/top1': 56.3, 'pooled/logistic/lambda1e-05/top1_std': 0.3},
}
