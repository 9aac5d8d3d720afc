from .benchmarks import (
    BaseBenchmark,
    ClassificationBenchmark,
    CopyDetectionBenchmark,
    LabelPropagationBenchmark,
    RetrievalBenchmark,
    RevisitedBenchmark,
)
from .extract import Extractor
from .features import collect
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe, LinearProbe, LogisticProbe
from .store import FeatureStore

__all__ = [
    'BaseBenchmark',
    'BaseProbe',
    'ClassificationBenchmark',
    'CopyDetectionBenchmark',
    'Extractor',
    'FeatureStore',
    'KNNProbe',
    'LabelPropagationBenchmark',
    'LinearProbe',
    'LogisticProbe',
    'ProbeAccuracy',
    'RetrievalBenchmark',
    'RevisitedBenchmark',
    'collect',
]
