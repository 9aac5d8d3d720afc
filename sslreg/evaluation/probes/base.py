from abc import ABC, abstractmethod

from torch import Tensor


class BaseProbe(ABC):
    """A classifier on frozen features (registry PROBES).

    All ranks call it with the same features, which may lie on the host. It computes on the device, where its scores
    are, and may divide the work over ranks.
    """

    def check(self, num_images: int) -> None:
        """Raise ValueError if the probe cannot learn from this number of images; called before training."""

    @abstractmethod
    def fit(self, feats: Tensor, labels: Tensor) -> None:
        """Learn from ``feats [N, C]`` with ``labels [N]``, integers from 0."""

    @abstractmethod
    def predict(self, feats: Tensor) -> Tensor:
        """Scores ``[M, classes]`` of ``feats [M, C]``; the largest is the prediction."""

    def scores(self, feats: Tensor) -> dict[str, Tensor]:
        """All variants that the probe computes in one pass, by name, each ``[M, classes]``."""
        return {'': self.predict(feats)}
