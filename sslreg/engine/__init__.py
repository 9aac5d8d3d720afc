"""Launch, schedules, loops and hooks of MMEngine runs."""

from sslreg.utils.moved import forward

from .hooks import (
    ActivationCheckpointHook,
    ChannelsLastHook,
    CompileHook,
    EpochSeedHook,
    MemoryCheckHook,
    MemoryInitHook,
    OptimizerScheduleHook,
    PlainCheckpointHook,
    ScheduleHook,
    StepTimesHook,
    TeacherEMAHook,
)
from .loops import ProbeTestLoop, ProbeValLoop
from .optim import MatrixDecayConstructor, SSLOptimWrapper
from .schedules import CosineSchedule, LinearSchedule, StepSchedule, SwitchSchedule, WarmupSchedule
from .sharded import ShardedModel

forward(__name__)

__all__ = [
    'ActivationCheckpointHook',
    'ChannelsLastHook',
    'CompileHook',
    'CosineSchedule',
    'EpochSeedHook',
    'LinearSchedule',
    'MatrixDecayConstructor',
    'MemoryCheckHook',
    'MemoryInitHook',
    'OptimizerScheduleHook',
    'PlainCheckpointHook',
    'ProbeTestLoop',
    'ProbeValLoop',
    'SSLOptimWrapper',
    'ScheduleHook',
    'ShardedModel',
    'StepSchedule',
    'StepTimesHook',
    'SwitchSchedule',
    'TeacherEMAHook',
    'WarmupSchedule',
]
