from .instance import InstanceHead
from .view_memory import ViewMemoryHead

__all__ = ['InstanceHead', 'ViewMemoryHead']
