"""A folder of photographs: 2 crops of 96 px and 4 of 48 px, for one GPU or a CPU.

``--data-root FOLDER`` names the folder: images at any depth, or ``train/CLASS/`` and ``val/CLASS/`` for an evaluation.
"""

from mmengine.config import read_base

with read_base():
    from .imagenet_multicrop import *

batch_size = 64
size = 96  # of global crops and of the images that are evaluated; local crops have half
data_root = 'data/photos'

train_dataloader.update(batch_size=batch_size, num_workers=4)
train_dataloader.dataset.data_root = data_root
train_dataloader.dataset.pipeline[1].views[0].size = size
train_dataloader.dataset.pipeline[1].views[1].size = size
train_dataloader.dataset.pipeline[1].views[2].update(size=size // 2, num=4)

test_pipeline[1].scale = round(size * 256 / 224)
test_pipeline[2].crop_size = size
val_cfg.benchmarks[0].train.update(data_root=data_root, pipeline=test_pipeline)
val_dataloader.update(num_workers=4)
val_dataloader.dataset.update(data_root=data_root, pipeline=test_pipeline)
test_dataloader = val_dataloader
