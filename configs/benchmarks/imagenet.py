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
reference_source = 'released code of DINO and iBOT (READMEs)'
reference = {  # k-NN; the READMEs do not say which k. MaSSL's is not published
    'DINO, ViT-S/16': {'pooled/knn/k20/top1': 74.5},
    'iBOT, ViT-S/16': {'pooled/knn/k20/top1': 75.2},
    'DINO, ViT-B/16': {'pooled/knn/k20/top1': 76.1},
    'iBOT, ViT-B/16': {'pooled/knn/k20/top1': 77.1},
}
