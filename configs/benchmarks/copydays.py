"""INRIA Copydays: 157 photographs, 229 strong copies, 9 JPEG qualities, 9 crops, as in DINO's released script.

Folders ``data/copydays/{original,strong,jpegqual/3,...,crops/80}/*.jpg``. Square images of 320 pixels. DINO's paper
(https://arxiv.org/abs/2104.14294, section 4.2.1) adds 10,000 distractors and a whitening learnt from 20,000 photographs of
YFCC100M. The reference, MaSSL's poster (https://arxiv.org/abs/2407.17486), probably uses neither (it does not say):

    distractors=dict(type=ImageFolder, data_root='data/yfcc/distractors', with_label=False, pipeline=pipeline),
    whitening=dict(type=ImageFolder, data_root='data/yfcc/whitening', with_label=False, pipeline=pipeline),

DINO's features there are dict(type='ClassAndGeMPatch', power=4), class token and generalised mean side by side. Not yet run.
"""

from mmcv.transforms import Resize
from mmpretrain.datasets import PackInputs

from sslreg.datasets import CopydaysImages, LoadImage
from sslreg.evaluation import CopyDetectionBenchmark

pipeline = [
    dict(type=LoadImage),
    dict(type=Resize, scale=(320, 320), backend='pillow', interpolation='bicubic'),
    dict(type=PackInputs),
]
blocks = [
    'original',
    'strong',
    *['jpegqual/3', 'jpegqual/5', 'jpegqual/8', 'jpegqual/10', 'jpegqual/15', 'jpegqual/20'],
    *['jpegqual/30', 'jpegqual/50', 'jpegqual/75'],
    *['crops/10', 'crops/15', 'crops/20', 'crops/30', 'crops/40', 'crops/50', 'crops/60', 'crops/70', 'crops/80'],
]

benchmark = dict(
    type=CopyDetectionBenchmark,
    database=dict(type=CopydaysImages, data_root='data/copydays', blocks=['original'], pipeline=pipeline),
    queries=dict(type=CopydaysImages, data_root='data/copydays', blocks=blocks, pipeline=pipeline),
    kind=dict(type='Pooled'),
    one_size=True)

reference = {
    'DINO, ViT-S/16': {'strong/mAP_top20': 85.7},
    'iBOT, ViT-S/16': {'strong/mAP_top20': 83.7},
    'MaSSL, ViT-S/16': {'strong/mAP_top20': 85.5},
    'DINO, ViT-B/16': {'strong/mAP_top20': 86.8},
    'iBOT, ViT-B/16': {'strong/mAP_top20': 84.2},
    'MaSSL, ViT-B/16': {'strong/mAP_top20': 87.6},
}
reference_source = 'poster of MaSSL (arXiv 2407.17486)'
