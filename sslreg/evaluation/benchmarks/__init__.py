from .base import BaseBenchmark, Wanted
from .copy_detection import CopyDetectionBenchmark
from .retrieval import RetrievalBenchmark, RevisitedBenchmark

__all__ = ['BaseBenchmark', 'CopyDetectionBenchmark', 'RetrievalBenchmark', 'RevisitedBenchmark', 'Wanted']
