"""Revisited Oxford (https://arxiv.org/abs/1803.11285) with whole queries, as in DINO's released script.

Data as in roxford5k.py. Reference: MaSSL's poster (https://arxiv.org/abs/2407.17486), mAP in per cent. Not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .roxford5k import *

benchmark.queries.pipeline = benchmark.database.pipeline
reference = {
    'MoCo-v3, ViT-S/16': {'medium/mAP': 21.7, 'hard/mAP': 5.1},
    'DINO, ViT-S/16': {'medium/mAP': 37.2, 'hard/mAP': 13.9},
    'iBOT, ViT-S/16': {'medium/mAP': 36.6, 'hard/mAP': 13.0},
    'MaSSL, ViT-S/16': {'medium/mAP': 38.5, 'hard/mAP': 15.9},
    'MoCo-v3, ViT-B/16': {'medium/mAP': 30.5, 'hard/mAP': 8.6},
    'DINO, ViT-B/16': {'medium/mAP': 37.4, 'hard/mAP': 13.7},
    'iBOT, ViT-B/16': {'medium/mAP': 36.8, 'hard/mAP': 14.3},
    'MaSSL, ViT-B/16': {'medium/mAP': 39.3, 'hard/mAP': 14.1},
}
reference_source = 'poster of MaSSL (arXiv 2407.17486)'
