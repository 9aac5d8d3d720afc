"""Views of images, drawn from (seed, epoch, index), decoded once and coloured in workers or on the device."""

from .batched import BatchedViews, LabelledViews
from .color_batch import change_colors_of_batch
from .recipe import Recipe, View
from .transforms import ColoredMultiCrop, MultiCrop, PackViews

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
