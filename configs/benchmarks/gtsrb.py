"""43 traffic signs (GTSRB): 26,640 training images, 12,630 test images.

    python tools/test.py CONFIG CHECKPOINT --benchmarks gtsrb

``data/gtsrb/{GTSRB/,GT-final_test.csv}`` (docs/data.md);
short side 256, central 224 px. Reference: MaSSL's poster (https://arxiv.org/abs/2407.17486), ViT-S/16 by epochs. Not yet run.
"""

from mmengine.config import read_base

from sslreg.datasets import GTSRB

with read_base():
    from .._base_.benchmarks.transfer import *

data = dict(type=GTSRB, data_root='data/gtsrb', pipeline=imagenet_pipeline)
benchmark.update(
    train=dict(**data, split='train'),
    test=dict(**data, split='test'),
    source="torchvision.datasets.GTSRB(FOLDER, split, download=True) for 'train' and 'test', FOLDER the one above it")
reference = {
    'MAE, 800 epochs': {'pooled/knn/k20/top1': 27.6},
    'MoCo-v3, 300 epochs': {'pooled/knn/k20/top1': 56.1},
    'DINO, 800 epochs': {'pooled/knn/k20/top1': 64.7},
    'iBOT, 800 epochs': {'pooled/knn/k20/top1': 63.0},
    'MaSSL, 800 epochs': {'pooled/knn/k20/top1': 69.3},
}
