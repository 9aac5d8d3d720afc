from .base import BaseProbe
from .knn import KNNProbe
from .logistic import LogisticProbe

__all__ = ['BaseProbe', 'KNNProbe', 'LogisticProbe']
