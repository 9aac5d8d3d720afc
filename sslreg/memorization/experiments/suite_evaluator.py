"""Evaluation of several networks by the same suite of benchmarks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sslreg.evaluation import Extractor, FeatureStore, Metrics, Suite
from sslreg.evaluation.metric import with_metrics

Flat = dict[str, float]  # metrics of several benchmarks, 'BENCHMARK/METRIC'


class SuiteEvaluator:
    """Suite of benchmarks that evaluates several networks.

    Args:
        names: Benchmarks or groups in ``configs/benchmarks``, or files.
        features: Folder of the feature store.
        data_root: Folder that replaces ``data/``.
        num_workers: Data-loading workers per process.

    Attributes:
        names: Names of benchmarks, then of groups.

    Raises:
        FileNotFoundError: There is no such benchmark.
        MissingDataError: Data are missing; the error names all of them.
    """

    def __init__(self, names: Sequence[str], features: str, data_root: str | None, num_workers: int) -> None:
        self.suite = Suite.load(names, data_root)
        self.suite.prepare()
        self.names = [each.name for each in (*self.suite, *self.suite.groups)]
        self.store, self.num_workers = FeatureStore(features), num_workers

    def metrics(self, model: Any, folder: Path, known: Flat) -> Flat:
        """Evaluate a model; return ``{'BENCHMARK/METRIC': value}`` with the averages of groups; collective.

        Args:
            model: Network as :class:`sslreg.evaluation.Extractor` takes it.
            folder: Folder for the state of protocols that train.
            known: Metrics of the same network, which are not computed again.
        """
        for each in self.suite:
            each.metrics = metrics_of(known, each.name)
        left = self.suite.without(each.name for each in self.suite if each.metrics)
        if len(left):
            left.run(Extractor(model, self.store, num_workers=self.num_workers), folder)
        evaluated = {each.name: each.metrics for each in self.suite}
        averages = {group.name: group.averages for group in self.suite.groups}
        results = (evaluated | averages).items()
        return known | {f'{name}/{metric}': value for name, values in results for metric, value in values.items()}


def metrics_of(flat: Flat, name: str) -> Metrics:
    """Return the metrics of one benchmark among ``{'BENCHMARK/METRIC': value}``."""
    return with_metrics(
        {key.removeprefix(f'{name}/'): value for key, value in flat.items() if key.startswith(f'{name}/')}
    )
