"""Colour changes of views: jitter, grayscale, blur and solarization, on the CPU and on a GPU with equal results."""

from .cpu import advise_compiling, change_colors
from .torch import change_colors_of_batch

__all__ = ['advise_compiling', 'change_colors', 'change_colors_of_batch']
