"""CIFAR-10 as packed JPEG (docs/data.md): the datasets of a config's loaders, for training with the config's views."""

from mmpretrain.datasets import PackInputs

from sslreg.datasets import LoadImage, PackedImages

packed = dict(type=PackedImages, data_root='data/cifar10')
packed_train = dict(**packed, ann_file='train.npz', pipeline=[dict(type=LoadImage)])
packed_test_pipeline = [dict(type=LoadImage), dict(type=PackInputs)]
packed_bank = dict(**packed, ann_file='train.npz', pipeline=packed_test_pipeline)
packed_test = dict(**packed, ann_file='test.npz', pipeline=packed_test_pipeline)
