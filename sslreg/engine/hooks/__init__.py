from .checkpoint import PlainCheckpointHook
from .epoch_seed import EpochSeedHook
from .memory_check import MemoryCheckHook
from .schedule import OptimizerScheduleHook, ScheduleHook
from .teacher_ema import TeacherEMAHook

__all__ = [
    'EpochSeedHook',
    'MemoryCheckHook',
    'OptimizerScheduleHook',
    'PlainCheckpointHook',
    'ScheduleHook',
    'TeacherEMAHook',
]
