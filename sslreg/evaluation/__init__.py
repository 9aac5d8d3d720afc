from .features import collect
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe

__all__ = ['BaseProbe', 'KNNProbe', 'ProbeAccuracy', 'collect']
