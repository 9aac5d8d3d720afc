<<<<<<< HEAD
from .extract import Extractor
=======
from .benchmarks import CopyDetectionBenchmark, RetrievalBenchmark, RevisitedBenchmark
>>>>>>> eval-b
from .features import collect
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe
from .store import FeatureStore

<<<<<<< HEAD
__all__ = ['BaseProbe', 'Extractor', 'FeatureStore', 'KNNProbe', 'ProbeAccuracy', 'collect']
=======
__all__ = [
    'BaseProbe',
    'CopyDetectionBenchmark',
    'KNNProbe',
    'ProbeAccuracy',
    'RetrievalBenchmark',
    'RevisitedBenchmark',
    'collect',
]
>>>>>>> eval-b
