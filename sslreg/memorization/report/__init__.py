"""Pages on scored studies of memorisation: one study, several studies, or a comparison on the same images."""

from .comparison_page import write_comparison
from .study_page import write_memorization

__all__ = ['write_comparison', 'write_memorization']
