from .hooks import *  # noqa: F403
from .hooks import __all__ as _hooks
from .loops import ProbeTestLoop, ProbeValLoop
from .optim import MatrixDecayConstructor, SSLOptimWrapper
from .schedules import CosineSchedule, LinearSchedule, WarmupSchedule

__all__ = [
    'CosineSchedule', 'LinearSchedule', 'MatrixDecayConstructor', 'ProbeTestLoop', 'ProbeValLoop', 'SSLOptimWrapper',
    'WarmupSchedule', *_hooks
]
