from .base import BaseBenchmark, Wanted
from .davis import LabelPropagationBenchmark

__all__ = ['BaseBenchmark', 'LabelPropagationBenchmark', 'Wanted']
