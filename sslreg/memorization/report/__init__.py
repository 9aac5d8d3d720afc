"""A page on scored studies of memorisation; each section takes a study and gives its HTML and the figures in it."""

from sslreg.memorization.scored_study import ScoredStudy, read_studies

from .comparison_page import write_comparison
from .study_page import write_memorization

__all__ = ['ScoredStudy', 'read_studies', 'write_comparison', 'write_memorization']
