from .sqrt_kl import ReleasedSqrtKLLoss, SqrtKLLoss
from .streamed import StreamedLoss
from .view_memory_ce import ViewMemoryCELoss

__all__ = ['ReleasedSqrtKLLoss', 'SqrtKLLoss', 'StreamedLoss', 'ViewMemoryCELoss']
