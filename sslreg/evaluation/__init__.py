from .benchmarks import CopyDetectionBenchmark, RetrievalBenchmark, RevisitedBenchmark
from .features import collect
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe

__all__ = [
    'BaseProbe',
    'CopyDetectionBenchmark',
    'KNNProbe',
    'ProbeAccuracy',
    'RetrievalBenchmark',
    'RevisitedBenchmark',
    'collect',
]
