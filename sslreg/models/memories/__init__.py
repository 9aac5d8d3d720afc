from .base import BaseMemory, MemoryBlocks
from .queue import QueueMemory

__all__ = ['BaseMemory', 'MemoryBlocks', 'QueueMemory']
