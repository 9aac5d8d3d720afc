"""ImageNet-1k with 4 labels per class; otherwise as in imagenet_1shot.py. Not yet run.

    bash tools/dist_test.sh CONFIG CHECKPOINT 8 --benchmarks imagenet_4shot
"""

from mmengine.config import read_base

with read_base():
    from .imagenet_1shot import *

benchmark.subset.images_per_class = 4
reference = {  # the poster says neither the backbone nor the classifier, nor how many draws
    'MoCo-v3': {'pooled/logistic/lambda1e-05/top1': 54.8, 'pooled/logistic/lambda1e-05/top1_std': 0.2},
    'DINO': {'pooled/logistic/lambda1e-05/top1': 57.6, 'pooled/logistic/lambda1e-05/top1_std': 0.4},
    'iBOT': {'pooled/logistic/lambda1e-05/top1': 60.6, 'pooled/logistic/lambda1e-05/top1_std': 0.3},
    'MaSSL': {'pooled/logistic/lambda1e-05/top1': 63.8, 'pooled/logistic/lambda1e-05/top1_std': 0.2},
}
