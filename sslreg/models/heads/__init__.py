from .aligned import AlignedHead
from .instance import InstanceHead
from .view_memory import ViewMemoryHead

__all__ = ['AlignedHead', 'InstanceHead', 'ViewMemoryHead']
