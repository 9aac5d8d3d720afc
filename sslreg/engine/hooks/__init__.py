"""Hooks of training runs."""

from sslreg.utils.moved import forward

from .activation_checkpoint import ActivationCheckpointHook
from .channels_last import ChannelsLastHook
from .checkpoint import PlainCheckpointHook
from .compile import CompileHook
from .epoch_seed import EpochSeedHook
from .memory_check import MemoryCheckHook
from .memory_init import MemoryInitHook
from .old_schedules import OptimizerScheduleHook, ScheduleHook, drop_old_hooks, refuse_old_hooks
from .required_hooks import ParamSchedulerHook, register_required_hooks
from .resumption import ResumeHook
from .scheduled_values import ScheduledValues, ScheduledValuesHook
from .step_times import StepTimesHook
from .teacher_ema import TeacherEMAHook

forward(__name__)

__all__ = [
    'ActivationCheckpointHook',
    'ChannelsLastHook',
    'CompileHook',
    'EpochSeedHook',
    'MemoryCheckHook',
    'MemoryInitHook',
    'OptimizerScheduleHook',
    'ParamSchedulerHook',
    'PlainCheckpointHook',
    'ResumeHook',
    'ScheduleHook',
    'ScheduledValues',
    'ScheduledValuesHook',
    'StepTimesHook',
    'TeacherEMAHook',
    'drop_old_hooks',
    'refuse_old_hooks',
    'register_required_hooks',
]
