"""Heads: they compare queries and keys through the entries of a memory."""

from .aligned import AlignedHead
from .instance import InstanceHead
from .view_memory import ViewMemoryHead

__all__ = ['AlignedHead', 'InstanceHead', 'ViewMemoryHead']
