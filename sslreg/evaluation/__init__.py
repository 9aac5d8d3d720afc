"""Evaluation of frozen features: benchmarks, probes, features and results."""

from .features.collect import collect
from .features.extract import Extractor
from .features.kinds import ClassAndGeMPatch, ClassAndMeanPatch, ClassToken, MultiScale, PatchTokens, Pooled
from .features.store import FeatureStore
from .metric import Metric, Metrics
from .probes import BaseProbe, KNNProbe, LinearProbe, LogisticProbe
from .protocols import (
    BaseBenchmark,
    ClassificationBenchmark,
    CopyDetectionBenchmark,
    LabelPropagationBenchmark,
    LinearBenchmark,
    RetrievalBenchmark,
    RevisitedBenchmark,
)
from .results import Evaluation, Outcome
from .suite import Benchmark, Suite
from .tables import ResultTable

__all__ = [
    'BaseBenchmark',
    'BaseProbe',
    'Benchmark',
    'ClassAndGeMPatch',
    'ClassAndMeanPatch',
    'ClassToken',
    'ClassificationBenchmark',
    'CopyDetectionBenchmark',
    'Evaluation',
    'Extractor',
    'FeatureStore',
    'KNNProbe',
    'LabelPropagationBenchmark',
    'LinearBenchmark',
    'LinearProbe',
    'LogisticProbe',
    'Metric',
    'Metrics',
    'MultiScale',
    'Outcome',
    'PatchTokens',
    'Pooled',
    'ResultTable',
    'RetrievalBenchmark',
    'RevisitedBenchmark',
    'Suite',
    'collect',
]
