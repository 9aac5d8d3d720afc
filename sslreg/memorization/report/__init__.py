"""A page on scored studies of memorisation; each section takes a study and gives its HTML and the figures in it."""

from .comparison_page import write_comparison
from .study_page import write_memorization

__all__ = ['write_comparison', 'write_memorization']
