"""Probe by weighted nearest neighbours."""

from mmengine.device import get_device
from torch import Tensor

from sslreg.arguments import Positive, PositiveInt, PositiveInts, checked
from sslreg.evaluation.metric import Parameters
from sslreg.registry import PROBES
from sslreg.utils.directions import directions
from sslreg.utils.dist import own_rows

from .base import BaseProbe
from .neighbours import nearest_over_ranks
from .streaming import check_finite


@PROBES.register_module()
class KNNProbe(BaseProbe):
    """Weighted nearest-neighbour classifier by cosine similarity, for several k in one pass.

    A neighbour votes for its class with weight exp(similarity / temperature): the protocol of Wu et al.
    (arXiv 1805.01978, section 3.4) that DINO and MaSSL (arXiv 2407.17486) report. Votes are relative to that of the
    nearest neighbour, which leaves their order and lets no temperature overflow; they are computed in float32 at least,
    also for features of half precision.

    Where the protocol leaves the order open, neighbours that are equally similar are taken in the order of the bank,
    and of classes with equal votes the first counts. A feature of length zero has similarity 0 to every other.

    Each rank keeps a share of the bank on its device and searches it for all queries.

    Args:
        ks: Numbers of neighbours.
        temperature: Temperature of the votes.
        k: Number of neighbours that :meth:`predict` uses, by default the first of ``ks``.

    Raises:
        ValueError: A number is not positive, the bank has fewer than max(ks) images, or features are not finite.
    """

    @checked
    def __init__(
        self, ks: PositiveInts = (10, 20, 100, 200), temperature: Positive = 0.07, k: PositiveInt | None = None
    ) -> None:
        if k is not None and k not in ks:
            raise ValueError(f'k={k} must be one of ks={list(ks)}')
        self.ks = sorted(ks)
        self.k = ks[0] if k is None else k
        self.temperature = temperature

    def check(self, num_images: int) -> None:
        """Raise ValueError if the bank has fewer images than neighbours are asked for."""
        if num_images < self.ks[-1]:
            raise ValueError(f'a bank of {num_images} images has no {self.ks[-1]} neighbours: lower ks={self.ks}')

    def fit(self, feats: Tensor, labels: Tensor) -> None:
        """Keep this rank's share of the bank ``feats [N, C]`` with ``labels [N]`` on the device."""
        self.check(len(feats))
        rows = own_rows(len(feats))
        check_finite(feats[rows])
        self.first = rows.start
        self.bank = directions(feats[rows].to(get_device()), 'the bank')
        self.labels = labels.to(self.bank.device)
        self.num_classes = int(labels.max()) + 1

    def predict(self, feats: Tensor) -> Tensor:
        """Return the votes ``[M, classes]`` of the chosen k."""
        return self.scores(feats)[f'k{self.k}']

    def scores(self, feats: Tensor) -> dict[str, Tensor]:
        """Return the votes ``[M, classes]`` under the names ``'k10'``, ``'k20'``, ..."""
        queries = directions(feats.to(self.bank.device), 'to classify')
        similarity, neighbour = nearest_over_ranks(queries, self.bank, self.first, self.ks[-1])
        weight = ((similarity - similarity[:, :1]) / self.temperature).exp()
        label = self.labels[neighbour]
        votes = queries.new_zeros(len(feats), self.num_classes)
        result = {}
        for begin, end in zip([0, *self.ks[:-1]], self.ks, strict=True):
            votes = votes.scatter_add(1, label[:, begin:end], weight[:, begin:end])
            result[f'k{end}'] = votes
        return result

    def parameters(self) -> dict[str, Parameters]:
        """Return ``{'k10': {'k': 10}, ...}``."""
        return {f'k{k}': dict(k=k) for k in self.ks}
