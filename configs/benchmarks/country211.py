"""Photographs of 211 countries (Country211): 31,650 training images (without valid), 21,100 test images.

    python tools/test.py CONFIG CHECKPOINT --benchmarks country211

``data/country211/{train,test}/COUNTRY/*.jpg`` (docs/data.md);
short side 256, central 224 px. Reference: MaSSL's poster (https://arxiv.org/abs/2407.17486), ViT-S/16 by epochs. Not yet run.
"""

from mmengine.config import read_base

from sslreg.datasets import ImageFolder

with read_base():
    from .._base_.benchmarks.transfer import *

data = dict(type=ImageFolder, data_root='data/country211', pipeline=imagenet_pipeline)
benchmark.update(
    train=dict(**data, data_prefix='train'),
    test=dict(**data, data_prefix='test'),
    source='https://openaipublic.azureedge.net/clip/data/country211.tgz, unpacked in the folder above it')
reference = {
    'MAE, 800 epochs': {'pooled/knn/k20/top1': 5.0},
    'MoCo-v3, 300 epochs': {'pooled/knn/k20/top1': 14.3},
    'DINO, 800 epochs': {'pooled/knn/k20/top1': 15.9},
    'iBOT, 800 epochs': {'pooled/knn/k20/top1': 15.7},
    'MaSSL, 800 epochs': {'pooled/knn/k20/top1': 15.7},
}
