"""Label propagation on DAVIS 2017 val, 30 clips, as in DINO's evaluation (https://arxiv.org/abs/2104.14294, table 5).

``data/davis`` is the official archive ``DAVIS-2017-trainval-480p.zip`` or its unpacked folder (a symbolic link is enough).
Not yet run.
"""

from mmpretrain.datasets import PackInputs

from sslreg.datasets import DavisClip, LoadImage, ResizeFrame
from sslreg.evaluation import LabelPropagationBenchmark

benchmark = dict(
    type=LabelPropagationBenchmark,
    dataset=dict(
        type=DavisClip,
        data_root='data/davis',
        # 480 and multiples of 64 are multiples of patches of 8 and 16; for others say so, e.g. short=476, multiple=14
        pipeline=[dict(type=LoadImage), dict(type=ResizeFrame, short=480, multiple=64), dict(type=PackInputs)]),
    clips='ImageSets/2017/val.txt',
    kind=dict(type='PatchTokens'),
    num_last=7,
    radius=12,
    topk=5,
    temperature=0.1)

reference = {
    'DINO, ViT-S/16': {'J&F': 61.8},
    'DINO, ViT-B/16': {'J&F': 62.3},
}
reference_source = 'DINO (arXiv 2104.14294), table 5'
