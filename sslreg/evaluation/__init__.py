from .features import collect
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe, LinearProbe, LogisticProbe

__all__ = ['BaseProbe', 'KNNProbe', 'LinearProbe', 'LogisticProbe', 'ProbeAccuracy', 'collect']
