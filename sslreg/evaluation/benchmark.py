"""One benchmark: its config, its protocol and its results."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log
from torch import Tensor

from sslreg.registry import BENCHMARKS

from .description import protocol, summary
from .features.wanted import Wanted
from .metric import Metrics, with_metrics
from .protocols.base import BaseBenchmark
from .results import Outcome


@dataclass
class Benchmark:
    """One benchmark of a suite.

    Attributes:
        name: Name in results.
        cfg: Config with ``benchmark``, and optionally with ``reference`` and ``reference_source``.
        protocol: Built protocol, after :meth:`prepare`.
        requests: Features that the protocol requests by its own names, after :meth:`prepare`.
        metrics: Results on the latest model.
    """

    name: str
    cfg: Config
    protocol: BaseBenchmark = field(init=False)
    requests: dict[str, Wanted] = field(init=False)
    metrics: Metrics = field(default_factory=dict)

    def prepare(self) -> None:
        """Build the protocol and its datasets; bad settings and missing data are errors here."""
        self.protocol = BENCHMARKS.build(self.cfg.benchmark)
        self.requests = self.protocol.wanted()

    def run(self, model: Any, feats: dict[str, Tensor], folder: Path) -> None:
        """Compute the metrics from features by the names of the requests.

        Args:
            model: Network, for protocols that train on images.
            feats: Features ``[N, ...]``.
            folder: Folder for the state of interrupted training.
        """
        print_log(f'benchmark {self.name}', 'current')
        self.protocol.fit(model, folder)
        self.metrics = with_metrics(self.protocol.run(feats))

    def outcome(self) -> Outcome:
        """Return the metrics with a description of the benchmark, and the figures of papers in the config."""
        reference = {method: dict(values) for method, values in self.cfg.get('reference', {}).items()}
        words = protocol(self.cfg, self.requests.values())
        if self.protocol.note:
            words |= dict(note=self.protocol.note)
        source = self.cfg.get('reference_source', '')
        return Outcome(self.metrics, summary(self.cfg.filename), words, reference, source)
