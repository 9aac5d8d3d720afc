"""ImageNet-1k: linear probes on random views, for ViT-B the class token and the mean patch token of the last block.

    bash tools/dist_test.sh CONFIG CHECKPOINT 8 --benchmarks imagenet_linear_vitb

Not yet run.
"""

from mmengine.config import read_base

from sslreg.evaluation import ClassAndMeanPatch

with read_base():
    from .imagenet_linear import *

benchmark.kinds = [dict(type=ClassAndMeanPatch)]
reference = {  # ViT-B/16, from the tables of the released code; MaSSL's is not published
    'DINO': {'classandmeanpatch/best/top1': 78.2},
    'iBOT': {'classandmeanpatch/best/top1': 79.5},
}
