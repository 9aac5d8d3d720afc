from .benchmarks import (
    BaseBenchmark,
    ClassificationBenchmark,
    CopyDetectionBenchmark,
    LabelPropagationBenchmark,
    RetrievalBenchmark,
    RevisitedBenchmark,
)
from .extract import Extractor
from .features import collect
from .kinds import ClassAndGeMPatch, ClassAndMeanPatch, ClassToken, MultiScale, PatchTokens, Pooled
from .metrics import ProbeAccuracy
from .probes import BaseProbe, KNNProbe, LinearProbe, LogisticProbe
from .store import FeatureStore

__all__ = [
    'BaseBenchmark',
    'BaseProbe',
    'ClassAndGeMPatch',
    'ClassAndMeanPatch',
    'ClassToken',
    'ClassificationBenchmark',
    'CopyDetectionBenchmark',
    'Extractor',
    'FeatureStore',
    'KNNProbe',
    'LabelPropagationBenchmark',
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
