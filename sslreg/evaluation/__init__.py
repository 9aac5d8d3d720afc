from .benchmarks import (
    BaseBenchmark,
    ClassificationBenchmark,
    CopyDetectionBenchmark,
    LabelPropagationBenchmark,
    LinearBenchmark,
    RetrievalBenchmark,
    RevisitedBenchmark,
)
from .extract import Extractor
from .features import collect
from .kinds import ClassAndGeMPatch, ClassAndMeanPatch, ClassToken, MultiScale, PatchTokens, Pooled
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe, LinearProbe, LogisticProbe
from .results import Evaluation, Outcome
from .store import FeatureStore
from .tables import ResultTable

__all__ = [
    'BaseBenchmark',
    'BaseProbe',
    'ClassAndGeMPatch',
    'ClassAndMeanPatch',
    'ClassToken',
    'ClassificationBenchmark',
    'CopyDetectionBenchmark',
    'Evaluation',
    'Extractor',
    'FeatureStore',
    'KNNProbe',
    'LabelPropagationBenchmark',
    'LinearBenchmark',
    'LinearProbe',
    'LogisticProbe',
    'MultiScale',
    'Outcome',
    'PatchTokens',
    'Pooled',
    'ProbeAccuracy',
    'ResultTable',
    'RetrievalBenchmark',
    'RevisitedBenchmark',
    'collect',
]
