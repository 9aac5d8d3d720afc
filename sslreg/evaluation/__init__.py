from .benchmarks import (
    BaseBenchmark,
    CopyDetectionBenchmark,
    LabelPropagationBenchmark,
    RetrievalBenchmark,
    RevisitedBenchmark,
)
from .extract import Extractor
from .features import collect
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe
from .store import FeatureStore

__all__ = [
    'BaseBenchmark',
    'BaseProbe',
    'CopyDetectionBenchmark',
    'Extractor',
    'FeatureStore',
    'KNNProbe',
    'LabelPropagationBenchmark',
    'ProbeAccuracy',
    'RetrievalBenchmark',
    'RevisitedBenchmark',
    'collect',
]
