import mmpretrain.models  # noqa: F401  registers what sslreg's registries fall back to

from .backbones import ResNet9, SSLVisionTransformer, TimmBackbone
from .cutmix import InstanceCutMix
from .encoder import ColorHistogramBackbone, Encoder, PixelBackbone
from .heads import AlignedHead, InstanceHead, ViewMemoryHead
from .losses import AlignmentLoss, ReleasedSqrtKLLoss, SqrtKLLoss, StreamedLoss, ViewMemoryCELoss
from .memories import BaseMemory, CorrectedInstanceMemory, InstanceMemory, MemoryBlocks, QueueMemory
from .memory_ssl import MemorySSL
from .necks import ProjectionNeck
from .preprocessor import SingleViewPreprocessor, ViewPreprocessor
from .teacher import EMATeacher, start_teacher

__all__ = [
    'AlignedHead',
    'AlignmentLoss',
    'BaseMemory',
    'ColorHistogramBackbone',
    'CorrectedInstanceMemory',
    'EMATeacher',
    'Encoder',
    'InstanceCutMix',
    'InstanceHead',
    'InstanceMemory',
    'MemoryBlocks',
    'MemorySSL',
    'PixelBackbone',
    'ProjectionNeck',
    'QueueMemory',
    'ReleasedSqrtKLLoss',
    'ResNet9',
    'SSLVisionTransformer',
    'SingleViewPreprocessor',
    'SqrtKLLoss',
    'StreamedLoss',
    'TimmBackbone',
    'ViewMemoryCELoss',
    'ViewMemoryHead',
    'ViewPreprocessor',
    'start_teacher',
]
