"""SSLMem, LayerMem and UnitMem: how much an encoder memorised each image, and where."""

from sslreg.utils.moved import forward

from .hooks import SSLMemHook, UnitMemHook
from .score_statistics import Agreement, ClaimTest, agreement, compare_sets
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
    'compare_sets',
    'image_alignment',
    'range_normalized',
    'relative_sslmem',
    'sslmem',
    'unitmem',
]

forward(__name__)
