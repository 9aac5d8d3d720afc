from .base import BaseMemory, MemoryBlocks, SoftmaxLearner
from .corrected import CorrectedInstanceMemory
from .instance import InstanceMemory
from .queue import QueueMemory

__all__ = [
    'BaseMemory',
    'CorrectedInstanceMemory',
    'InstanceMemory',
    'MemoryBlocks',
    'QueueMemory',
    'SoftmaxLearner',
]
