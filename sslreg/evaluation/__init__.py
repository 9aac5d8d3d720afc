from .benchmarks import BaseBenchmark, ClassificationBenchmark
from .features import collect
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe, LinearProbe, LogisticProbe

__all__ = [
    'BaseBenchmark',
    'BaseProbe',
    'ClassificationBenchmark',
    'KNNProbe',
    'LinearProbe',
    'LogisticProbe',
    'ProbeAccuracy',
    'collect',
]
