from .alignment import AlignmentLoss
from .sqrt_kl import ReleasedSqrtKLLoss, SqrtKLLoss
from .streamed import StreamedLoss
from .view_memory_ce import ViewMemoryCELoss

__all__ = ['AlignmentLoss', 'ReleasedSqrtKLLoss', 'SqrtKLLoss', 'StreamedLoss', 'ViewMemoryCELoss']
