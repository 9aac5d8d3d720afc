from .benchmarks import CopyDetectionBenchmark, RetrievalBenchmark, RevisitedBenchmark
from .extract import Extractor
from .features import collect
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe
from .store import FeatureStore

__all__ = [
    'BaseProbe',
    'CopyDetectionBenchmark',
    'Extractor',
    'FeatureStore',
    'KNNProbe',
    'ProbeAccuracy',
    'RetrievalBenchmark',
    'RevisitedBenchmark',
    'collect',
]
