auto_scale_lr = dict(base_batch_size=128)
bank_dataloader = dict(
    batch_size=512,
    collate_fn=dict(type='sslreg.datasets.collate'),
    dataset=dict(
        ann_file='train.npz',
        data_root='data/cifar10',
        pipeline=[
            dict(type='sslreg.datasets.LoadImage'),
            dict(type='mmpretrain.datasets.PackInputs'),
        ],
        type='sslreg.datasets.PackedImages',
    ),
    num_workers=2,
    sampler=dict(round_up=False, shuffle=False, type='mmengine.dataset.DefaultSampler'),
)
batch_size = 256
custom_hooks = [
    dict(
        param='lr',
        schedule=dict(end=1e-06, start=0.002, type='sslreg.engine.CosineSchedule', warmup=0.016666666666666666),
        type='sslreg.engine.OptimizerScheduleHook',
    ),
    dict(
        param='weight_decay',
        schedule=dict(end=0.4, start=0.04, type='sslreg.engine.CosineSchedule'),
        type='sslreg.engine.OptimizerScheduleHook',
    ),
    dict(
        schedule=dict(end=0.04, start=0.04, type='sslreg.engine.WarmupSchedule', warmup=0.0),
        target='head.teacher_temp',
        type='sslreg.engine.ScheduleHook',
    ),
    dict(
        schedule=dict(end=0.0, start=0.050000000000000044, type='sslreg.engine.CosineSchedule'),
        target='teacher.momentum',
        type='sslreg.engine.ScheduleHook',
    ),
    dict(type='sslreg.engine.TeacherEMAHook'),
]
data_preprocessor = dict(
    mean=[
        125.3,
        123.0,
        113.9,
    ],
    std=[
        63.0,
        62.1,
        66.7,
    ],
    to_rgb=True,
)
data_root = 'data/cifar10'
default_hooks = dict(
    checkpoint=dict(interval=10, max_keep_ckpts=3, type='sslreg.engine.PlainCheckpointHook'),
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
epochs = 60
load_from = None
log_level = 'INFO'
log_processor = dict(window_size=50)
lr = 0.002
moco_colors = dict(gray=0.2, jitter=dict(brightness=0.4, contrast=0.4, hue=0.1, saturation=0.4), jitter_prob=0.8)
model = dict(
    backbone=dict(type='sslreg.models.ResNet9'),
    data_preprocessor=dict(
        mean=[
            125.3,
            123.0,
            113.9,
        ],
        std=[
            63.0,
            62.1,
            66.7,
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
        in_channels=256,
        norm_cfg=dict(type='BN1d'),
        out_channels=128,
        type='sslreg.models.ProjectionNeck',
    ),
    num_key_views=2,
    teacher=dict(momentum=0.050000000000000044, type='sslreg.models.EMATeacher'),
    type='sslreg.models.MemorySSL',
)
optim_wrapper = dict(
    clip_grad=dict(max_norm=3.0, type='per_tensor'),
    constructor='sslreg.engine.MatrixDecayConstructor',
    dtype='float32',
    optimizer=dict(lr=0.002, type='torch.optim.AdamW', weight_decay=0.04),
    type='sslreg.engine.SSLOptimWrapper',
)
packed = dict(data_root='data/cifar10', type='sslreg.datasets.PackedImages')
packed_bank = dict(
    ann_file='train.npz',
    data_root='data/cifar10',
    pipeline=[
        dict(type='sslreg.datasets.LoadImage'),
        dict(type='mmpretrain.datasets.PackInputs'),
    ],
    type='sslreg.datasets.PackedImages',
)
packed_test = dict(
    ann_file='test.npz',
    data_root='data/cifar10',
    pipeline=[
        dict(type='sslreg.datasets.LoadImage'),
        dict(type='mmpretrain.datasets.PackInputs'),
    ],
    type='sslreg.datasets.PackedImages',
)
packed_test_pipeline = [
    dict(type='sslreg.datasets.LoadImage'),
    dict(type='mmpretrain.datasets.PackInputs'),
]
packed_train = dict(
    ann_file='train.npz',
    data_root='data/cifar10',
    pipeline=[
        dict(type='sslreg.datasets.LoadImage'),
    ],
    type='sslreg.datasets.PackedImages',
)
probe = dict(
    ks=(
        10,
        20,
        100,
        200,
    ),
    temperature=0.07,
    type='sslreg.evaluation.KNNProbe',
)
randomness = dict(seed=0)
resume = False
test_cfg = dict(
    bank_dataloader=dict(
        batch_size=512,
        collate_fn=dict(type='sslreg.datasets.collate'),
        dataset=dict(
            ann_file='train.npz',
            data_root='data/cifar10',
            indices=300,
            pipeline=[
                dict(type='sslreg.datasets.LoadImage'),
                dict(type='mmpretrain.datasets.PackInputs'),
            ],
            type='sslreg.datasets.PackedImages',
        ),
        num_workers=2,
        sampler=dict(round_up=False, shuffle=False, type='mmengine.dataset.DefaultSampler'),
    ),
    probe=dict(
        ks=(
            10,
            20,
            100,
            200,
        ),
        temperature=0.07,
        type='sslreg.evaluation.KNNProbe',
    ),
    type='sslreg.engine.ProbeTestLoop',
)
test_dataloader = dict(
    batch_size=512,
    collate_fn=dict(type='sslreg.datasets.collate'),
    dataset=dict(
        ann_file='test.npz',
        data_root='data/cifar10',
        indices=10000,
        pipeline=[
            dict(type='sslreg.datasets.LoadImage'),
            dict(type='mmpretrain.datasets.PackInputs'),
        ],
        type='sslreg.datasets.PackedImages',
    ),
    num_workers=2,
    sampler=dict(round_up=False, shuffle=False, type='mmengine.dataset.DefaultSampler'),
)
test_evaluator = dict(prefix='knn', type='sslreg.evaluation.ProbeAccuracy')
test_pipeline = [
    dict(type='sslreg.datasets.RGBToBGR'),
    dict(type='mmpretrain.datasets.PackInputs'),
]
train_cfg = dict(max_epochs=1, type='mmengine.runner.EpochBasedTrainLoop', val_interval=1)
train_dataloader = dict(
    batch_size=16,
    collate_fn=dict(type='sslreg.datasets.collate'),
    dataset=dict(
        dataset=dict(
            dataset=dict(
                ann_file='train.npz',
                data_root='data/cifar10',
                indices=300,
                pipeline=[
                    dict(type='sslreg.datasets.LoadImage'),
                ],
                type='sslreg.datasets.PackedImages',
            ),
            part='f',
            split='work_dirs/study/split.json',
            type='SplitPart',
        ),
        type='sslreg.datasets.BatchedViews',
        views=[
            dict(
                flip=0.5,
                gray=0.2,
                jitter=dict(brightness=0.4, contrast=0.4, hue=0.1, saturation=0.2),
                jitter_prob=0.8,
                num=2,
                scale=(
                    0.3,
                    1.0,
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
        batch_size=512,
        collate_fn=dict(type='sslreg.datasets.collate'),
        dataset=dict(
            ann_file='train.npz',
            data_root='data/cifar10',
            indices=300,
            pipeline=[
                dict(type='sslreg.datasets.LoadImage'),
                dict(type='mmpretrain.datasets.PackInputs'),
            ],
            type='sslreg.datasets.PackedImages',
        ),
        num_workers=2,
        sampler=dict(round_up=False, shuffle=False, type='mmengine.dataset.DefaultSampler'),
    ),
    probe=dict(
        ks=(
            10,
            20,
            100,
            200,
        ),
        temperature=0.07,
        type='sslreg.evaluation.KNNProbe',
    ),
    type='sslreg.engine.ProbeValLoop',
)
val_dataloader = dict(
    batch_size=512,
    collate_fn=dict(type='sslreg.datasets.collate'),
    dataset=dict(
        ann_file='test.npz',
        data_root='data/cifar10',
        indices=2000,
        pipeline=[
            dict(type='sslreg.datasets.LoadImage'),
            dict(type='mmpretrain.datasets.PackInputs'),
        ],
        type='sslreg.datasets.PackedImages',
    ),
    num_workers=2,
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
        num=4,
        scale=(
            0.05,
            0.32,
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
