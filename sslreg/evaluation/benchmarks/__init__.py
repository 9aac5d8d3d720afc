from .base import BaseBenchmark, Wanted
from .classification import ClassificationBenchmark
from .copy_detection import CopyDetectionBenchmark
from .davis import LabelPropagationBenchmark
from .retrieval import RetrievalBenchmark, RevisitedBenchmark

__all__ = [
    'BaseBenchmark',
    'ClassificationBenchmark',
    'CopyDetectionBenchmark',
    'LabelPropagationBenchmark',
    'RetrievalBenchmark',
    'RevisitedBenchmark',
    'Wanted',
]
