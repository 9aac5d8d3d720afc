"""SSLMem, LayerMem and UnitMem: how much an encoder memorised each image, and where.

* Formulas: ``scores`` (SSLMem, LayerMem) and ``units`` (UnitMem, ClassMem).
* A study: ``study``, of a ``split``, ``image_sets`` and ``training`` runs, checked by ``consistency``.
* Measurement: ``layers`` and ``measure`` run the networks; ``scoring`` and ``unit_scores`` keep results on disk.
* Results: ``image_scores`` with their ``score_settings``, ``score_statistics`` and ``summary``; ``scored_study`` reads
  them back, ``comparison`` compares studies if ``comparability`` allows it.
* Output: ``table_rows``, ``terminal_tables``, ``report/``; ``commands/`` are those of ``tools/sslmem.py``.
* Experiments on memorised images and units: ``experiments/``; scores during training: ``hooks``.
"""

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
