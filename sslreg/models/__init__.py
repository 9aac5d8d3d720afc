import mmpretrain.models  # noqa: F401  registers what sslreg's registries fall back to

from .backbones import SSLVisionTransformer, TimmBackbone
from .heads import ViewMemoryHead
from .losses import ViewMemoryCELoss
from .memories import BaseMemory, MemoryBlocks, QueueMemory
from .memory_ssl import MemorySSL
from .necks import ProjectionNeck
from .teacher import EMATeacher

__all__ = [
    'BaseMemory',
    'EMATeacher',
    'MemoryBlocks',
    'MemorySSL',
    'ProjectionNeck',
    'QueueMemory',
    'SSLVisionTransformer',
    'TimmBackbone',
    'ViewMemoryCELoss',
    'ViewMemoryHead',
]
