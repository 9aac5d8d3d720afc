"""100 variants of aircraft (FGVC-Aircraft): 6,667 training images (trainval), 3,333 test images.

    python tools/test.py CONFIG CHECKPOINT --benchmarks aircraft

``data/fgvc-aircraft-2013b/data/`` (docs/data.md);
short side 256, central 224 px. Reference: MaSSL's poster (https://arxiv.org/abs/2407.17486), ViT-S/16 by epochs. Not yet run.
"""

from mmengine.config import read_base
from mmpretrain.datasets import FGVCAircraft

with read_base():
    from .._base_.benchmarks.transfer import *

data = dict(type=FGVCAircraft, data_root='data/fgvc-aircraft-2013b', pipeline=imagenet_pipeline)
benchmark.update(
    train=dict(**data, split='trainval'),
    test=dict(**data, split='test'),
    source='fgvc-aircraft-2013b.tar.gz of https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft, unpacked in the folder above it')
reference = {
    'MAE, 800 epochs': {'pooled/knn/k20/top1': 9.7},
    'MoCo-v3, 300 epochs': {'pooled/knn/k20/top1': 27.4},
    'DINO, 800 epochs': {'pooled/knn/k20/top1': 38.5},
    'iBOT, 800 epochs': {'pooled/knn/k20/top1': 33.7},
    'MaSSL, 800 epochs': {'pooled/knn/k20/top1': 41.1},
}
