"""Interface of probes."""

from abc import ABC, abstractmethod

from torch import Tensor

from sslreg.evaluation.metric import Parameters


class BaseProbe(ABC):
    """Classifier on frozen features (registry PROBES).

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
        """Return scores ``[M, classes]`` of ``feats [M, C]``; the class with the largest is the prediction."""

    def scores(self, feats: Tensor) -> dict[str, Tensor]:
        """Return the scores ``[M, classes]`` of each variant of the probe, by name, computed in one pass."""
        return {'': self.predict(feats)}

    def parameters(self) -> dict[str, Parameters]:
        """Return the hyperparameters of each variant by its name in :meth:`scores`; reports draw curves over them."""
        return {}
