"""Revisited Paris (https://arxiv.org/abs/1803.11285) with whole queries, as in DINO's released script.

Data as in rparis6k.py. Reference: MaSSL's poster (https://arxiv.org/abs/2407.17486), mAP in per cent. Not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .rparis6k import *

benchmark.queries.pipeline = benchmark.database.pipeline
reference = {
    'MoCo-v3, ViT-S/16': {'medium/mAP': 38.9, 'hard/mAP': 13.1},
    'DINO, ViT-S/16': {'medium/mAP': 63.1, 'hard/mAP': 34.4},
    'iBOT, ViT-S/16': {'medium/mAP': 61.5, 'hard/mAP': 34.1},
    'MaSSL, ViT-S/16': {'medium/mAP': 63.4, 'hard/mAP': 34.8},
    'MoCo-v3, ViT-B/16': {'medium/mAP': 54.3, 'hard/mAP': 23.5},
    'DINO, ViT-B/16': {'medium/mAP': 63.5, 'hard/mAP': 35.6},
    'iBOT, ViT-B/16': {'medium/mAP': 64.1, 'hard/mAP': 36.6},
    'MaSSL, ViT-B/16': {'medium/mAP': 65.8, 'hard/mAP': 38.1},
}
reference_source = 'poster of MaSSL (arXiv 2407.17486)'
