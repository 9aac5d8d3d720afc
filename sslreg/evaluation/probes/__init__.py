from .base import BaseProbe
from .knn import KNNProbe

__all__ = ['BaseProbe', 'KNNProbe']
