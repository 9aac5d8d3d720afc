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
    ParamSchedulerHook,
    PlainCheckpointHook,
    ResumeHook,
    ScheduledValues,
    ScheduledValuesHook,
    ScheduleHook,
    StepTimesHook,
    TeacherEMAHook,
    register_required_hooks,
)
from .lengths import TrainingLength
from .loops import BenchmarkLoop, BenchmarkTestLoop, BenchmarkValLoop, ProbeTestLoop, ProbeValLoop
from .optim import DefaultOptimWrapperConstructor, MatrixDecayConstructor, SSLOptimWrapper
from .optimizer_schedules import OptimizerSchedules
from .schedules import (
    CosineSchedule,
    LinearSchedule,
    ScaledSchedule,
    Schedule,
    StepSchedule,
    SwitchSchedule,
    WarmupSchedule,
)
from .sharded import ShardedModel

forward(__name__)

__all__ = [
    'ActivationCheckpointHook',
    'BenchmarkLoop',
    'BenchmarkTestLoop',
    'BenchmarkValLoop',
    'ChannelsLastHook',
    'CompileHook',
    'CosineSchedule',
    'DefaultOptimWrapperConstructor',
    'EpochSeedHook',
    'LinearSchedule',
    'MatrixDecayConstructor',
    'MemoryCheckHook',
    'MemoryInitHook',
    'OptimizerScheduleHook',
    'OptimizerSchedules',
    'ParamSchedulerHook',
    'PlainCheckpointHook',
    'ProbeTestLoop',
    'ProbeValLoop',
    'ResumeHook',
    'SSLOptimWrapper',
    'ScaledSchedule',
    'Schedule',
    'ScheduleHook',
    'ScheduledValues',
    'ScheduledValuesHook',
    'ShardedModel',
    'StepSchedule',
    'StepTimesHook',
    'SwitchSchedule',
    'TeacherEMAHook',
    'TrainingLength',
    'WarmupSchedule',
    'register_required_hooks',
]
