"""Memories: buffers of embeddings that are read before the loss and written after it."""

from typing import NoReturn

from sslreg.models.recall import refuse_earlier_name

from .base import BaseMemory
from .corrected import CorrectedInstanceMemory
from .instance import InstanceMemory
from .queue import QueueMemory

__all__ = [
    'BaseMemory',
    'CorrectedInstanceMemory',
    'InstanceMemory',
    'QueueMemory',
]


def __getattr__(name: str) -> NoReturn:
    """Raise AttributeError, or explain what replaces a name of earlier versions."""
    refuse_earlier_name(__name__, name)
