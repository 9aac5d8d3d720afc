from .features import collect
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe, LogisticProbe

__all__ = ['BaseProbe', 'KNNProbe', 'LogisticProbe', 'ProbeAccuracy', 'collect']
