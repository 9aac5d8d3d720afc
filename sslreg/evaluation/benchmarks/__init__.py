from .base import BaseBenchmark, Wanted
from .copy_detection import CopyDetectionBenchmark
from .davis import LabelPropagationBenchmark
from .retrieval import RetrievalBenchmark, RevisitedBenchmark

__all__ = [
    'BaseBenchmark',
    'CopyDetectionBenchmark',
    'LabelPropagationBenchmark',
    'RetrievalBenchmark',
    'RevisitedBenchmark',
    'Wanted',
]
