from .benchmarks import BaseBenchmark, LabelPropagationBenchmark
from .features import collect
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe

__all__ = ['BaseBenchmark', 'BaseProbe', 'KNNProbe', 'LabelPropagationBenchmark', 'ProbeAccuracy', 'collect']
