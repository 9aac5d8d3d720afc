"""CIFAR-10, 2 global crops of 32 px and 4 local ones of 16 px. MMPretrain's dataset downloads it to ``data/cifar10``."""

from mmengine.dataset import DefaultSampler
from mmpretrain.datasets import CIFAR10, PackInputs

from sslreg.datasets import BatchedViews, RGBToBGR, collate, worker_init_fn
from sslreg.engine import BenchmarkTestLoop, BenchmarkValLoop
from sslreg.evaluation import ClassificationBenchmark, KNNProbe, Pooled

data_root = 'data/cifar10'
dino_colors = dict(jitter=dict(brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1), jitter_prob=0.8, gray=0.2)
moco_colors = dict(jitter=dict(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1), jitter_prob=0.8, gray=0.2)

data_preprocessor = dict(mean=[125.3, 123.0, 113.9], std=[63.0, 62.1, 66.7], to_rgb=True)

views = [
    dict(size=32, scale=(0.32, 1.0), flip=0.5, **dino_colors, num=2),
    dict(size=16, scale=(0.05, 0.32), flip=0.5, **dino_colors, num=4),
]

train_dataloader = dict(
    batch_size=256,
    num_workers=4,
    drop_last=True,
    worker_init_fn=dict(type=worker_init_fn),
    collate_fn=dict(type=collate),
    sampler=dict(type=DefaultSampler, shuffle=True),
    dataset=dict(
        type=BatchedViews,
        dataset=dict(type=CIFAR10, data_root=data_root, split='train', pipeline=[dict(type=RGBToBGR)]),
        views=views))

test_pipeline = [dict(type=RGBToBGR), dict(type=PackInputs)]
val_dataloader = dict(
    batch_size=512,
    num_workers=2,
    collate_fn=dict(type=collate),
    sampler=dict(type=DefaultSampler, shuffle=False, round_up=False),
    dataset=dict(type=CIFAR10, data_root=data_root, split='test', pipeline=test_pipeline))
test_dataloader = val_dataloader

# As knn.py, which is not read here: a recipe has a chain of four files at most.
bank = dict(type=CIFAR10, data_root=data_root, split='train', pipeline=test_pipeline)
knn = dict(type=KNNProbe, ks=(10, 20, 100, 200), temperature=0.07)
val_cfg = dict(
    type=BenchmarkValLoop,
    benchmarks=[dict(type=ClassificationBenchmark, train=bank, kinds=[dict(type=Pooled)], probes=[knn])])
test_cfg = dict(type=BenchmarkTestLoop)  # the benchmarks of val_cfg
val_evaluator = dict()  # MMEngine requires it; the benchmarks compute the metrics
test_evaluator = dict()
