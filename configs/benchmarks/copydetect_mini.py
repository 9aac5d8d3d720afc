"""Copy detection on 400 photographs: 400 copies by 8 attacks, and 60 copies of images that are not in the database.

uAP as in ISC 2021 (https://arxiv.org/abs/2106.09672); no published numbers. ``data/copydetect_mini`` (docs/data.md).
"""

from mmcv.transforms import Resize
from mmpretrain.datasets import PackInputs

from sslreg.datasets import CopyDatabase, CopyQueries, LoadImage
from sslreg.evaluation import CopyDetectionBenchmark

archive = 'data/copydetect_mini/copydetect_mini.zip'
pipeline = [
    dict(type=LoadImage),
    dict(type=Resize, scale=(224, 224), backend='pillow', interpolation='bicubic'),
    dict(type=PackInputs),
]

benchmark = dict(
    type=CopyDetectionBenchmark,
    database=dict(type=CopyDatabase, data_root=archive, pipeline=pipeline),
    queries=dict(type=CopyQueries, data_root=archive, pipeline=pipeline),
    kind=dict(type='Pooled'),
    one_size=True)
