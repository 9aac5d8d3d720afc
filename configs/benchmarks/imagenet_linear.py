"""ImageNet-1k: linear probes on random views, for ViT-S the class tokens of the last four blocks (arXiv 2104.14294, 2111.07832).

    bash tools/dist_test.sh CONFIG CHECKPOINT 8 --benchmarks imagenet_linear

For ViT-B: imagenet_linear_vitb. ``best`` is chosen on the validation images, as in iBOT's code; to choose on training
images instead: ``val=imagenet_train, val_share=0.01`` in a copy of this file. After an interruption the same command
continues with the next epoch. Not yet run.
"""

from mmengine.config import read_base

from sslreg.datasets import LoadImage, MultiCrop, PackViews
from sslreg.evaluation import ClassToken, LinearBenchmark

with read_base():
    from .._base_.benchmarks.imagenet import *

view = dict(size=224, scale=(0.08, 1.0), interpolation='bilinear', flip=0.5)  # torchvision's RandomResizedCrop and flip
benchmark = dict(
    type=LinearBenchmark,
    train=dict(
        imagenet_train, pipeline=[dict(type=LoadImage), dict(type=MultiCrop, views=[view]), dict(type=PackViews)]),
    test=imagenet_val,
    kinds=[dict(type=ClassToken, blocks=4)])
reference_source = 'released code of DINO and iBOT (READMEs)'
reference = {  # ViT-S/16, from the tables of the released code; MaSSL's is not published
    'DINO': {'classtoken/best/top1': 77.0},
    'iBOT': {'classtoken/best/top1': 77.9},
}
