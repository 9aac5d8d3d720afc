"""Revisited Paris (https://arxiv.org/abs/1803.11285): 70 queries, cut to their boxes, search 6,322 images.

Images in ``data/rparis6k/jpg/``, ground truth in ``data/rparis6k/gnd_rparis6k.pkl``. Otherwise as in roxford5k.py;
papers' figures are in rparis6k_whole.py. Not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .roxford5k import *

folder = dict(data_root='data/rparis6k', ground_truth='gnd_rparis6k.pkl')
benchmark.database.update(folder)
benchmark.queries.update(folder)
