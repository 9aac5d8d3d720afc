"""Pages on scored studies of memorisation: one study, several studies, or a comparison on the same images."""

from sslreg.memorization.scored_study import ScoredStudy, read_studies

from .comparison_page import write_comparison
from .study_page import write_memorization

__all__ = ['ScoredStudy', 'read_studies', 'write_comparison', 'write_memorization']
