"""camvid.py at 240 x 180 px, for two CPU cores."""

_base_ = './camvid.py'

size = (240, 180)  # width, height
crop = (160, 224)  # height, width
steps = 600
warmup = min(50, max(1, steps // 10))
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations'),
    dict(type='RandomResize', scale=size, ratio_range=(0.9, 1.5), keep_ratio=True),
    dict(type='RandomCrop', crop_size=crop, cat_max_ratio=0.75),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackSegInputs')]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=size, keep_ratio=True),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs')]
train_dataloader = dict(num_workers=1, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(num_workers=1, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(num_workers=1, dataset=dict(pipeline=test_pipeline))

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=warmup),
    dict(type='PolyLR', eta_min=0.0, power=0.9, begin=warmup, by_epoch=False)]
train_cfg = dict(max_iters=steps, val_interval=steps)
default_hooks = dict(checkpoint=dict(interval=steps))
