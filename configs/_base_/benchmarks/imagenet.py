"""ImageNet-1k for benchmarks: ``data/imagenet/{train,val}/CLASS/*.JPEG``, short side 256, central 224 px."""

from mmpretrain.datasets import CenterCrop, PackInputs, ResizeEdge

from sslreg.datasets import ImageFolder, LoadImage

imagenet_pipeline = [
    dict(type=LoadImage),
    dict(type=ResizeEdge, scale=256, edge='short', backend='pillow', interpolation='bicubic'),
    dict(type=CenterCrop, crop_size=224),
    dict(type=PackInputs),
]
imagenet_train = dict(type=ImageFolder, data_root='data/imagenet', data_prefix='train', pipeline=imagenet_pipeline)
imagenet_val = dict(type=ImageFolder, data_root='data/imagenet', data_prefix='val', pipeline=imagenet_pipeline)
