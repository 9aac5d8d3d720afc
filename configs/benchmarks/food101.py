"""101 dishes (Food-101): 75,750 training images, 25,250 test images.

    python tools/test.py CONFIG CHECKPOINT --benchmarks food101

``data/food-101/{images,meta}`` (docs/data.md);
short side 256, central 224 px. Reference: MaSSL's poster (https://arxiv.org/abs/2407.17486), ViT-S/16 by epochs. Not yet run.
"""

from mmengine.config import read_base
from mmpretrain.datasets import Food101

with read_base():
    from .._base_.benchmarks.transfer import *

data = dict(type=Food101, data_root='data/food-101', pipeline=imagenet_pipeline)
benchmark.update(
    train=dict(**data, split='train'),
    test=dict(**data, split='test'),
    source='food-101.tar.gz of https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101, unpacked in the folder above it')
reference = {
    'MAE, 800 epochs': {'pooled/knn/k20/top1': 11.9},
    'MoCo-v3, 300 epochs': {'pooled/knn/k20/top1': 64.5},
    'DINO, 800 epochs': {'pooled/knn/k20/top1': 70.7},
    'iBOT, 800 epochs': {'pooled/knn/k20/top1': 72.6},
    'MaSSL, 800 epochs': {'pooled/knn/k20/top1': 72.5},
}
