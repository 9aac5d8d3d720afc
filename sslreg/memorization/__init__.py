from .hooks import SSLMemHook, UnitMemHook
from .scores import image_alignment, range_normalized, relative_sslmem, sslmem
from .split import Split, SplitPart
from .statistics import Agreement, Comparison, agreement, compare
from .units import classmem, unitmem

__all__ = [
    'Agreement',
    'Comparison',
    'SSLMemHook',
    'Split',
    'SplitPart',
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
