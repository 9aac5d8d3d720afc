from .scores import distance, image_alignment, range_normalized, relative_sslmem, sslmem, view_alignment
from .splits import Split
from .statistics import Agreement, Comparison, agreement, compare
from .units import classmem, unitmem

__all__ = [
    'Agreement',
    'Comparison',
    'Split',
    'agreement',
    'classmem',
    'compare',
    'distance',
    'image_alignment',
    'range_normalized',
    'relative_sslmem',
    'sslmem',
    'unitmem',
    'view_alignment',
]
