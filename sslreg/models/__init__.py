"""Models: the algorithm, its memories, heads and losses, and the networks around them."""

from typing import NoReturn

import mmpretrain.models  # noqa: F401  registers what sslreg's registries fall back to

from .backbones import ResNet9, TimmBackbone
from .cutmix import InstanceCutMix
from .encoder import ColorHistogramBackbone, Encoder, PixelBackbone
from .heads import AlignedHead, InstanceHead, ViewMemoryHead
from .losses import AlignmentLoss, ReleasedSqrtKLLoss, SqrtKLLoss, StreamedLoss, ViewMemoryCELoss
from .memories import BaseMemory, CorrectedInstanceMemory, InstanceMemory, QueueMemory
from .memory_ssl import MemorySSL
from .necks import ProjectionNeck
from .preprocessor import SingleViewPreprocessor, ViewPreprocessor
from .recall import LearningRecall, Recall, refuse_earlier_name
from .teacher import EMATeacher, start_teacher
from .vision_transformer import SSLVisionTransformer

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
    'LearningRecall',
    'MemorySSL',
    'PixelBackbone',
    'ProjectionNeck',
    'QueueMemory',
    'Recall',
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


def __getattr__(name: str) -> NoReturn:
    """Raise AttributeError, or explain what replaces a name of earlier versions."""
    refuse_earlier_name(__name__, name)
