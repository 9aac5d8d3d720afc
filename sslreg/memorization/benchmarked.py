"""Networks that differ in one condition, evaluated by the same benchmarks; what was found is kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sslreg.evaluation import Extractor, FeatureStore, groups, suite

Metrics = dict[str, float]


class Benchmarks:
    """Benchmarks by their names, as ``tools/test.py`` runs them.

    Args:
        names: In ``configs/benchmarks``, groups of them too, or files.
        features: Folder where features are kept.
        data_root: In place of ``data/``.
        num_workers: Of the loaders.

    Attributes:
        names: Of benchmarks, then of groups.

    Raises:
        FileNotFoundError: There is no such benchmark.
        MissingDataError: Data are missing; names all of them.
    """

    def __init__(self, names: Sequence[str], features: str, data_root: str | None, num_workers: int) -> None:
        configs, self.groups = groups.load(names, data_root)
        self.benchmarks, self.wanted = suite.prepare(configs)
        self.names = [*configs, *self.groups]
        self.store, self.num_workers = FeatureStore(features), num_workers

    def metrics(self, model: Any, folder: Path, known: Metrics) -> Metrics:
        """``{'BENCHMARK/METRIC': value}`` of a model, with the averages of groups; collective.

        Args:
            model: As of :class:`sslreg.evaluation.Extractor`.
            folder: Where benchmarks keep what they train.
            known: Of the same network: what it has of a benchmark is not made again.
        """
        results = {name: own(known, name) for name in self.benchmarks}
        left = [name for name, found in results.items() if not found]
        if left:
            extractor = Extractor(model, self.store, num_workers=self.num_workers)
            wanted = {name: self.wanted[name] for name in left}
            results |= suite.run({name: self.benchmarks[name] for name in left}, wanted, extractor, folder)
        averages = {name: outcome.metrics for name, outcome in groups.record(self.groups, results).items()}
        named = (results | averages).items()
        return known | {f'{name}/{metric}': value for name, found in named for metric, value in found.items()}


def own(metrics: Metrics, name: str) -> Metrics:
    """Those of one benchmark, without its name."""
    return {key.removeprefix(f'{name}/'): value for key, value in metrics.items() if key.startswith(f'{name}/')}
