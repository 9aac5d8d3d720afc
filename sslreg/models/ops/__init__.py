from .instance import InstanceLosses, instance_loss
from .view_memory import ViewMemoryTerms, view_memory_loss

__all__ = ['InstanceLosses', 'ViewMemoryTerms', 'instance_loss', 'view_memory_loss']
