"""10 classes (STL-10): 5,000 training images of 96 px, 8,000 test images.

    python tools/test.py CONFIG CHECKPOINT --benchmarks stl10

``data/stl10_binary/{train,test}_{X,y}.bin`` (docs/data.md);
short side 256, central 224 px. Reference: MaSSL's poster (https://arxiv.org/abs/2407.17486), ViT-S/16 by epochs. Not yet run.
"""

from mmengine.config import read_base

from sslreg.datasets import STL10

with read_base():
    from .._base_.benchmarks.transfer import *

# arrays, so that there is nothing to load
data = dict(type=STL10, data_root='data/stl10_binary', pipeline=imagenet_pipeline[1:])
benchmark.update(
    train=dict(**data, split='train'),
    test=dict(**data, split='test'),
    source='http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz, unpacked in the folder above it')
reference = {
    'MAE, 800 epochs': {'pooled/knn/k20/top1': 64.6},
    'MoCo-v3, 300 epochs': {'pooled/knn/k20/top1': 97.5},
    'DINO, 800 epochs': {'pooled/knn/k20/top1': 98.9},
    'iBOT, 800 epochs': {'pooled/knn/k20/top1': 99.0},
    'MaSSL, 800 epochs': {'pooled/knn/k20/top1': 98.8},
}
