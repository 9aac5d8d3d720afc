"""A page on scored studies of memorisation; each section takes a study and gives its HTML and the figures in it."""

from .comparison import write_comparison
from .page import write_memorization
from .scored import ScoredStudy, read_studies

__all__ = ['ScoredStudy', 'read_studies', 'write_comparison', 'write_memorization']
