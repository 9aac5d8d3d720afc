"""Instance retrieval on 288 photographs: 49 queries of 15 objects and landmarks each search all other images.

Small and mixed: to check a pipeline, not to rank close methods; no published numbers. ``data/retrieval_mini`` (docs/data.md).
Features averaged over three scales, as for revisited Oxford and Paris (DINO, https://arxiv.org/abs/2104.14294).
"""

from mmpretrain.datasets import PackInputs

from sslreg.datasets import LoadImage, LongestSide, RetrievalImages
from sslreg.evaluation import RetrievalBenchmark

benchmark = dict(
    type=RetrievalBenchmark,
    dataset=dict(
        type=RetrievalImages,
        data_root='data/retrieval_mini/retrieval_mini.zip',
        pipeline=[dict(type=LoadImage), dict(type=LongestSide, size=256), dict(type=PackInputs)]),
    kind=dict(type='MultiScale', scales=(1, 2**-0.5, 0.5), of=dict(type='Pooled')))
