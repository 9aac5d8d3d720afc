"""43 traffic signs (GTSRB): 26,640 images to learn from, 12,630 to classify.

    python tools/test.py CONFIG CHECKPOINT --benchmarks gtsrb

``data/gtsrb/{GTSRB/,GT-final_test.csv}`` (docs/data.md);
short side 256, central 224 px. Rows: MaSSL's poster (https://arxiv.org/abs/2407.17486), ViT-S/16 by the epochs. Not yet run.
"""

from mmengine.config import read_base

from sslreg.datasets import GTSRB
from sslreg.evaluation import ClassificationBenchmark

with read_base():
    from .._base_.benchmarks.imagenet import *
    from .._base_.benchmarks.probes import *

data = dict(type=GTSRB, data_root='data/gtsrb', pipeline=imagenet_pipeline)
benchmark = dict(
    type=ClassificationBenchmark,
    train=dict(**data, split='train'),
    test=dict(**data, split='test'),
    kinds=kinds,
    probes=[knn, logistic],
    source="torchvision.datasets.GTSRB(FOLDER, split, download=True) for 'train' and 'test', FOLDER the one above it")
reference_source = 'poster of MaSSL (arXiv 2407.17486)'
reference = {
    'MAE, 800 epochs': {'pooled/knn/k20/top1': 27.6},
    'MoCo-v3, 300 epochs': {'pooled/knn/k20/top1': 56.1},
    'DINO, 800 epochs': {'pooled/knn/k20/top1': 64.7},
    'iBOT, 800 epochs': {'pooled/knn/k20/top1': 63.0},
    'MaSSL, 800 epochs': {'pooled/knn/k20/top1': 69.3},
}
