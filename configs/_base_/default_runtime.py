"""Hooks, logging and seeds of every run; MMEngine's defaults elsewhere."""

from mmengine.config import read_base
from mmengine.hooks import DistSamplerSeedHook, IterTimerHook, LoggerHook, ParamSchedulerHook, RuntimeInfoHook
from mmengine.visualization import LocalVisBackend, Visualizer

from sslreg.engine import EpochSeedHook, MemoryCheckHook, PlainCheckpointHook, ScheduledValuesHook, StepTimesHook

default_scope = 'sslreg'
default_hooks = dict(
    runtime_info=dict(type=RuntimeInfoHook),
    timer=dict(type=IterTimerHook),
    sampler_seed=dict(type=DistSamplerSeedHook),
    seed=dict(type=EpochSeedHook),
    memory=dict(type=MemoryCheckHook),
    schedules=dict(type=ScheduledValuesHook),
    step_times=dict(type=StepTimesHook, interval=50),
    logger=dict(type=LoggerHook, interval=50),
    param_scheduler=dict(type=ParamSchedulerHook),
    checkpoint=dict(type=PlainCheckpointHook, interval=10, max_keep_ckpts=3),  # 3: one is whole even if killed in a save
)
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
randomness = dict(seed=0)
log_processor = dict(window_size=50)
vis_backends = [dict(type=LocalVisBackend)]
visualizer = dict(type=Visualizer, vis_backends=vis_backends)
log_level = 'INFO'
load_from = None
resume = False
