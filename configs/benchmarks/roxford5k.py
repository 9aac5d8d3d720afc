"""Revisited Oxford (https://arxiv.org/abs/1803.11285): 70 queries, cut to their boxes, search 4,993 images.

Images in ``data/roxford5k/jpg/``, ground truth in ``data/roxford5k/gnd_roxford5k.pkl``. Longest side 512, features averaged over
three scales (DINO, https://arxiv.org/abs/2104.14294, section 4.2.1). Not yet run.

DINO's released script leaves the queries whole, and its published numbers (probably also those of MaSSL's poster) are
for whole queries: roxford5k_whole.py has the papers' figures.
"""

from mmpretrain.datasets import PackInputs

from sslreg.datasets import CropBox, LoadImage, LongestSide, RevisitedImages, RevisitedQueries
from sslreg.evaluation import RevisitedBenchmark

folder = dict(data_root='data/roxford5k', ground_truth='gnd_roxford5k.pkl')
shrink = dict(type=LongestSide, size=512, interpolation='lanczos')

benchmark = dict(
    type=RevisitedBenchmark,
    database=dict(
        type=RevisitedImages, **folder, pipeline=[dict(type=LoadImage), shrink, dict(type=PackInputs)]),
    queries=dict(
        type=RevisitedQueries,
        **folder,
        pipeline=[dict(type=LoadImage), dict(type=CropBox), shrink, dict(type=PackInputs)]),
    kind=dict(type='MultiScale', scales=(1, 2**-0.5, 0.5), of=dict(type='Pooled')))
