auto_scale_lr = dict(base_batch_size=128)
bank_dataloader = dict(
    batch_size=256,
    collate_fn=dict(type='sslreg.datasets.collate'),
    dataset=dict(
        pipeline=[
            dict(
                backend='pillow',
                interpolation='bicubic',
                scale=(
                    32,
                    32,
                ),
                type='mmcv.transforms.Resize',
            ),
            dict(type='mmpretrain.datasets.PackInputs'),
        ],
        split='train',
        tiles_per_class=100,
        type='sslreg.datasets.PhotoTiles',
    ),
    num_workers=0,
    sampler=dict(round_up=False, shuffle=False, type='mmengine.dataset.DefaultSampler'),
)
batch_size = 128
custom_hooks = [
    dict(
        param='lr',
        schedule=dict(end=1e-05, start=0.002, type='sslreg.engine.CosineSchedule', warmup=0.1),
        type='sslreg.engine.OptimizerScheduleHook',
    ),
    dict(
        param='weight_decay',
        schedule=dict(end=0.4, start=0.04, type='sslreg.engine.CosineSchedule'),
        type='sslreg.engine.OptimizerScheduleHook',
    ),
    dict(
        schedule=dict(end=0.0, start=0.010000000000000009, type='sslreg.engine.CosineSchedule'),
        target='teacher.momentum',
        type='sslreg.engine.ScheduleHook',
    ),
    dict(
        schedule=dict(end=0.07, start=0.04, type='sslreg.engine.WarmupSchedule', warmup=0.1),
        target='head.teacher_temp',
        type='sslreg.engine.ScheduleHook',
    ),
    dict(type='sslreg.engine.TeacherEMAHook'),
]
data_preprocessor = dict(
    mean=[
        127.5,
        127.5,
        127.5,
    ],
    std=[
        64.0,
        64.0,
        64.0,
    ],
    to_rgb=True,
)
default_hooks = dict(
    checkpoint=dict(interval=1, max_keep_ckpts=3, type='sslreg.engine.PlainCheckpointHook'),
    logger=dict(interval=50, type='mmengine.hooks.LoggerHook'),
    memory=dict(type='sslreg.engine.MemoryCheckHook'),
    param_scheduler=dict(type='mmengine.hooks.ParamSchedulerHook'),
    runtime_info=dict(type='mmengine.hooks.RuntimeInfoHook'),
    sampler_seed=dict(type='mmengine.hooks.DistSamplerSeedHook'),
    seed=dict(type='sslreg.engine.EpochSeedHook'),
    step_times=dict(interval=50, type='sslreg.engine.StepTimesHook'),
    timer=dict(type='mmengine.hooks.IterTimerHook'),
)
default_scope = 'sslreg'
dino_colors = dict(gray=0.2, jitter=dict(brightness=0.4, contrast=0.4, hue=0.1, saturation=0.2), jitter_prob=0.8)
env_cfg = dict(
    cudnn_benchmark=True, dist_cfg=dict(backend='nccl'), mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0)
)
epochs = 10
launcher = 'none'
load_from = None
log_level = 'INFO'
log_processor = dict(window_size=50)
lr = 0.002
moco_colors = dict(gray=0.2, jitter=dict(brightness=0.4, contrast=0.4, hue=0.1, saturation=0.4), jitter_prob=0.8)
model = dict(
    backbone=dict(
        base_channels=8,
        depth=18,
        stem_channels=8,
        strides=(
            2,
            2,
            2,
            1,
        ),
        type='mmpretrain.models.ResNet_CIFAR',
    ),
    data_preprocessor=dict(
        mean=[
            127.5,
            127.5,
            127.5,
        ],
        std=[
            64.0,
            64.0,
            64.0,
        ],
        to_rgb=True,
    ),
    head=dict(
        loss=dict(type='sslreg.models.ViewMemoryCELoss'),
        student_temp=0.1,
        teacher_temp=0.07,
        type='sslreg.models.ViewMemoryHead',
    ),
    memory=dict(feat_dim=128, length=64, num_blocks=4, type='sslreg.models.QueueMemory'),
    neck=dict(
        hid_channels=512,
        in_channels=64,
        norm_cfg=dict(type='BN1d'),
        out_channels=128,
        type='sslreg.models.ProjectionNeck',
    ),
    num_key_views=2,
    teacher=dict(momentum=0.010000000000000009, type='sslreg.models.EMATeacher'),
    type='sslreg.models.MemorySSL',
)
optim_wrapper = dict(
    clip_grad=dict(max_norm=3.0, type='per_tensor'),
    constructor='sslreg.engine.MatrixDecayConstructor',
    optimizer=dict(lr=0.002, type='torch.optim.AdamW', weight_decay=0.04),
    type='sslreg.engine.SSLOptimWrapper',
)
probe = dict(
    ks=(
        10,
        20,
    ),
    temperature=0.07,
    type='sslreg.evaluation.KNNProbe',
)
randomness = dict(seed=0)
resume = False
test_cfg = dict(
    bank_dataloader=dict(
        batch_size=256,
        collate_fn=dict(type='sslreg.datasets.collate'),
        dataset=dict(
            pipeline=[
                dict(
                    backend='pillow',
                    interpolation='bicubic',
                    scale=(
                        32,
                        32,
                    ),
                    type='mmcv.transforms.Resize',
                ),
                dict(type='mmpretrain.datasets.PackInputs'),
            ],
            split='train',
            tiles_per_class=4,
            type='sslreg.datasets.PhotoTiles',
        ),
        num_workers=0,
        sampler=dict(round_up=False, shuffle=False, type='mmengine.dataset.DefaultSampler'),
    ),
    probe=dict(
        ks=(
            10,
            20,
        ),
        temperature=0.07,
        type='sslreg.evaluation.KNNProbe',
    ),
    type='sslreg.engine.ProbeTestLoop',
)
test_dataloader = dict(
    batch_size=256,
    collate_fn=dict(type='sslreg.datasets.collate'),
    dataset=dict(
        pipeline=[
            dict(
                backend='pillow',
                interpolation='bicubic',
                scale=(
                    32,
                    32,
                ),
                type='mmcv.transforms.Resize',
            ),
            dict(type='mmpretrain.datasets.PackInputs'),
        ],
        split='test',
        tiles_per_class=1,
        type='sslreg.datasets.PhotoTiles',
    ),
    num_workers=0,
    sampler=dict(round_up=False, shuffle=False, type='mmengine.dataset.DefaultSampler'),
)
test_evaluator = dict(prefix='knn', type='sslreg.evaluation.ProbeAccuracy')
test_pipeline = [
    dict(
        backend='pillow',
        interpolation='bicubic',
        scale=(
            32,
            32,
        ),
        type='mmcv.transforms.Resize',
    ),
    dict(type='mmpretrain.datasets.PackInputs'),
]
tiles_per_class = 100
train_cfg = dict(max_epochs=2, type='mmengine.runner.EpochBasedTrainLoop', val_interval=1)
train_dataloader = dict(
    batch_size=16,
    collate_fn=dict(type='sslreg.datasets.collate'),
    dataset=dict(
        dataset=dict(split='train', tiles_per_class=4, type='sslreg.datasets.PhotoTiles'),
        type='sslreg.datasets.BatchedViews',
        views=[
            dict(
                flip=0.5,
                gray=0.2,
                jitter=dict(brightness=0.4, contrast=0.4, hue=0.1, saturation=0.2),
                jitter_prob=0.8,
                num=2,
                scale=(
                    0.32,
                    1.0,
                ),
                size=32,
            ),
            dict(
                flip=0.5,
                gray=0.2,
                jitter=dict(brightness=0.4, contrast=0.4, hue=0.1, saturation=0.2),
                jitter_prob=0.8,
                num=2,
                scale=(
                    0.15,
                    0.5,
                ),
                size=16,
            ),
        ],
    ),
    drop_last=True,
    num_workers=0,
    sampler=dict(shuffle=True, type='mmengine.dataset.DefaultSampler'),
    worker_init_fn=dict(type='sslreg.datasets.worker_init_fn'),
)
val_cfg = dict(
    bank_dataloader=dict(
        batch_size=256,
        collate_fn=dict(type='sslreg.datasets.collate'),
        dataset=dict(
            pipeline=[
                dict(
                    backend='pillow',
                    interpolation='bicubic',
                    scale=(
                        32,
                        32,
                    ),
                    type='mmcv.transforms.Resize',
                ),
                dict(type='mmpretrain.datasets.PackInputs'),
            ],
            split='train',
            tiles_per_class=4,
            type='sslreg.datasets.PhotoTiles',
        ),
        num_workers=0,
        sampler=dict(round_up=False, shuffle=False, type='mmengine.dataset.DefaultSampler'),
    ),
    probe=dict(
        ks=(
            10,
            20,
        ),
        temperature=0.07,
        type='sslreg.evaluation.KNNProbe',
    ),
    type='sslreg.engine.ProbeValLoop',
)
val_dataloader = dict(
    batch_size=256,
    collate_fn=dict(type='sslreg.datasets.collate'),
    dataset=dict(
        pipeline=[
            dict(
                backend='pillow',
                interpolation='bicubic',
                scale=(
                    32,
                    32,
                ),
                type='mmcv.transforms.Resize',
            ),
            dict(type='mmpretrain.datasets.PackInputs'),
        ],
        split='test',
        tiles_per_class=1,
        type='sslreg.datasets.PhotoTiles',
    ),
    num_workers=0,
    sampler=dict(round_up=False, shuffle=False, type='mmengine.dataset.DefaultSampler'),
)
val_evaluator = dict(prefix='knn', type='sslreg.evaluation.ProbeAccuracy')
views = [
    dict(
        flip=0.5,
        gray=0.2,
        jitter=dict(brightness=0.4, contrast=0.4, hue=0.1, saturation=0.2),
        jitter_prob=0.8,
        num=2,
        scale=(
            0.32,
            1.0,
        ),
        size=32,
    ),
    dict(
        flip=0.5,
        gray=0.2,
        jitter=dict(brightness=0.4, contrast=0.4, hue=0.1, saturation=0.2),
        jitter_prob=0.8,
        num=2,
        scale=(
            0.15,
            0.5,
        ),
        size=16,
    ),
]
vis_backends = [
    dict(type='mmengine.visualization.LocalVisBackend'),
]
visualizer = dict(
    type='mmengine.visualization.Visualizer',
    vis_backends=[
        dict(type='mmengine.visualization.LocalVisBackend'),
    ],
)
work_dir = 'work_dirs/quickstart'
