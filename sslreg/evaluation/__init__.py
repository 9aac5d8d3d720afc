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
from .kinds import ClassAndMeanPatch, ClassToken, MultiScale, PatchTokens, Pooled
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe, LinearProbe, LogisticProbe
from .store import FeatureStore

__all__ = [
    'BaseBenchmark',
    'BaseProbe',
    'ClassAndMeanPatch',
    'ClassToken',
    'ClassificationBenchmark',
    'CopyDetectionBenchmark',
    'Extractor',
    'FeatureStore',
    'KNNProbe',
    'LabelPropagationBenchmark',
    'LinearBenchmark',
    'LinearProbe',
    'LogisticProbe',
    'MultiScale',
    'PatchTokens',
    'Pooled',
    'ProbeAccuracy',
    'RetrievalBenchmark',
    'RevisitedBenchmark',
    'collect',
]
