"""196 models of cars (Stanford Cars): 8,144 training images, 8,041 test images.

    python tools/test.py CONFIG CHECKPOINT --benchmarks cars

``data/stanford_cars/{cars_train,cars_test,devkit}``, or ``car_ims`` with ``cars_annos.mat`` (docs/data.md);
short side 256, central 224 px. Reference: MaSSL's poster (https://arxiv.org/abs/2407.17486), ViT-S/16 by epochs. Not yet run.
"""

from mmengine.config import read_base
from mmpretrain.datasets import StanfordCars

with read_base():
    from .._base_.benchmarks.transfer import *

data = dict(type=StanfordCars, data_root='data/stanford_cars', pipeline=imagenet_pipeline)
benchmark.update(
    train=dict(**data, split='train'),
    test=dict(**data, split='test'),
    source='the original address is gone; copies need cars_train_annos.mat and cars_test_annos_withlabels.mat in devkit/')
reference = {
    'MAE, 800 epochs': {'pooled/knn/k20/top1': 6.0},
    'MoCo-v3, 300 epochs': {'pooled/knn/k20/top1': 22.4},
    'DINO, 800 epochs': {'pooled/knn/k20/top1': 32.7},
    'iBOT, 800 epochs': {'pooled/knn/k20/top1': 28.8},
    'MaSSL, 800 epochs': {'pooled/knn/k20/top1': 33.3},
}
