"""Views of images, drawn from (seed, epoch, index), with colours changed in workers or on the device."""

from .batched_views import BatchedViews, LabelledViews
from .colors import change_colors_of_batch
from .multi_crop import ColoredMultiCrop, MultiCrop, PackViews
from .recipe import Recipe
from .view import View

__all__ = [
    'BatchedViews',
    'ColoredMultiCrop',
    'LabelledViews',
    'MultiCrop',
    'PackViews',
    'Recipe',
    'View',
    'change_colors_of_batch',
]
