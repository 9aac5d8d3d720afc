"""Losses: one formula a file."""

from sslreg.models.ops.streamed_loss import StreamedLoss

from .alignment import AlignmentLoss
from .sqrt_kl import ReleasedSqrtKLLoss, SqrtKLLoss
from .view_memory_ce import ViewMemoryCELoss

__all__ = ['AlignmentLoss', 'ReleasedSqrtKLLoss', 'SqrtKLLoss', 'StreamedLoss', 'ViewMemoryCELoss']
