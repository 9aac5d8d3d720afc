"""Benchmarks: protocols on frozen features."""

from .base import BaseBenchmark, Wanted
from .classification import ClassificationBenchmark
from .copy_search import CopyDetectionBenchmark
from .image_retrieval import RetrievalBenchmark, RevisitedBenchmark
from .linear_views import LinearBenchmark
from .video import LabelPropagationBenchmark

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
