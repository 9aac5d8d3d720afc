"""What the released code of arXiv 2404.19289 does to a crop but for blur and flip, as MoCo v2; its way to resize."""

from mmcv.transforms import RandomApply

from sslreg.datasets import ColorJitter, RandomGrayscale

bilinear = dict(backend='pillow', interpolation='bilinear')
moco_colour = [
    dict(type=RandomApply, prob=0.8,
         transforms=[dict(type=ColorJitter, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)]),
    dict(type=RandomGrayscale, prob=0.2),
]
