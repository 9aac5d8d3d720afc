"""102 flowers (Oxford): 1,020 training images (train, without val), 6,149 test images.

    python tools/test.py CONFIG CHECKPOINT --benchmarks flowers

``data/flowers-102/{jpg/,imagelabels.mat,setid.mat}`` (docs/data.md);
short side 256, central 224 px. Reference: MaSSL's poster (https://arxiv.org/abs/2407.17486), ViT-S/16 by epochs. Not yet run.
"""

from mmengine.config import read_base
from mmpretrain.datasets import Flowers102

with read_base():
    from .._base_.benchmarks.transfer import *

data = dict(type=Flowers102, data_root='data/flowers-102', pipeline=imagenet_pipeline)
benchmark.update(
    train=dict(**data, split='train'),
    test=dict(**data, split='test'),
    source='102flowers.tgz (unpacked), imagelabels.mat, setid.mat of https://www.robots.ox.ac.uk/~vgg/data/flowers/102')
reference = {
    'MAE, 800 epochs': {'pooled/knn/k20/top1': 16.9},
    'MoCo-v3, 300 epochs': {'pooled/knn/k20/top1': 70.2},
    'DINO, 800 epochs': {'pooled/knn/k20/top1': 84.6},
    'iBOT, 800 epochs': {'pooled/knn/k20/top1': 83.4},
    'MaSSL, 800 epochs': {'pooled/knn/k20/top1': 84.6},
}
