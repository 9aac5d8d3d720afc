"""SSLMem, LayerMem and UnitMem: how much an encoder memorised each image, and where."""

from .hooks import SSLMemHook, UnitMemHook
from .score_statistics import Agreement, ClaimTest, agreement, compare
from .scores import image_alignment, range_normalized, relative_sslmem, sslmem
from .split import Split, SplitPart
from .study import Study
from .units import classmem, unitmem

__all__ = [
    'Agreement',
    'ClaimTest',
    'SSLMemHook',
    'Split',
    'SplitPart',
    'Study',
    'UnitMemHook',
    'agreement',
    'classmem',
    'compare',
    'image_alignment',
    'range_normalized',
    'relative_sslmem',
    'sslmem',
    'unitmem',
]
