"""What DINO and MaSSL do to a crop but for blur: flip, jitter, grayscale; and their way to resize."""

from mmcv.transforms import RandomApply
from mmpretrain.datasets import RandomFlip

from sslreg.datasets import ColorJitter, RandomGrayscale

pillow = dict(backend='pillow', interpolation='bicubic')  # antialiased, as torchvision's on PIL images; cv2's is not
colour = [
    dict(type=RandomFlip, prob=0.5),
    dict(type=RandomApply, prob=0.8,
         transforms=[dict(type=ColorJitter, brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1)]),
    dict(type=RandomGrayscale, prob=0.2),
]
