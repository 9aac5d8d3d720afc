"""Operations behind the losses: streamed over a memory, without configs."""

from .instance import InstanceLosses, instance_loss
from .streamed_loss import StreamedLoss
from .view_memory import ViewMemoryTerms, view_memory_loss

__all__ = ['InstanceLosses', 'StreamedLoss', 'ViewMemoryTerms', 'instance_loss', 'view_memory_loss']
