"""Probes: classifiers on frozen features."""

from .base import BaseProbe
from .knn import KNNProbe
from .linear import LinearProbe
from .logistic import LogisticProbe

__all__ = ['BaseProbe', 'KNNProbe', 'LinearProbe', 'LogisticProbe']
