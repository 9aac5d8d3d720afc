from .extract import Extractor
from .features import collect
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe
from .store import FeatureStore

__all__ = ['BaseProbe', 'Extractor', 'FeatureStore', 'KNNProbe', 'ProbeAccuracy', 'collect']
