from .base import BaseBenchmark, Wanted
from .classification import ClassificationBenchmark
from .copy_detection import CopyDetectionBenchmark
from .davis import LabelPropagationBenchmark
from .linear import LinearBenchmark
from .retrieval import RetrievalBenchmark, RevisitedBenchmark

__all__ = [
    'BaseBenchmark',
    'ClassificationBenchmark',
    'CopyDetectionBenchmark',
    'LabelPropagationBenchmark',
    'LinearBenchmark',
    'RetrievalBenchmark',
    'RevisitedBenchmark',
    'Wanted',
]
