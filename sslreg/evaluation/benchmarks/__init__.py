from .base import BaseBenchmark, Wanted
from .classification import ClassificationBenchmark

__all__ = ['BaseBenchmark', 'ClassificationBenchmark', 'Wanted']
