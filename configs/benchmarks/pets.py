"""37 breeds of cats and dogs (Oxford-IIIT Pet): 3,680 training images (trainval), 3,669 test images.

    python tools/test.py CONFIG CHECKPOINT --benchmarks pets

``data/oxford-iiit-pet/{images,annotations}`` (docs/data.md);
short side 256, central 224 px. Reference: MaSSL's poster (https://arxiv.org/abs/2407.17486), ViT-S/16 by epochs. Not yet run.
"""

from mmengine.config import read_base
from mmpretrain.datasets import OxfordIIITPet

with read_base():
    from .._base_.benchmarks.transfer import *

data = dict(type=OxfordIIITPet, data_root='data/oxford-iiit-pet', pipeline=imagenet_pipeline)
benchmark.update(
    train=dict(**data, split='trainval'),
    test=dict(**data, split='test'),
    source='images.tar.gz and annotations.tar.gz of https://www.robots.ox.ac.uk/~vgg/data/pets, unpacked in that folder')
reference = {
    'MAE, 800 epochs': {'pooled/knn/k20/top1': 19.4},
    'MoCo-v3, 300 epochs': {'pooled/knn/k20/top1': 83.8},
    'DINO, 800 epochs': {'pooled/knn/k20/top1': 90.1},
    'iBOT, 800 epochs': {'pooled/knn/k20/top1': 89.2},
    'MaSSL, 800 epochs': {'pooled/knn/k20/top1': 91.6},
}
