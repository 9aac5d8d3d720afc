"""Networks that differ in one condition, evaluated by the same benchmarks; what was found is kept."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from mmengine.dist import is_main_process

from sslreg.evaluation import Extractor, FeatureStore, Metrics, Suite
from sslreg.evaluation.features.store import model_hash
from sslreg.evaluation.metric import with_metrics
from sslreg.utils.files import write_json

Flat = dict[str, float]  # metrics of several benchmarks, 'BENCHMARK/METRIC'
Run = dict[str, Any]  # the fields of a condition, 'network' and 'metrics'


class Condition(Protocol):
    """A named tuple."""

    def _asdict(self) -> dict[str, Any]: ...


class Benchmarks:
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
        MissingDataError: Data are missing; names all of them.
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


class Record:
    """Metrics of networks under several conditions, in a JSON file that is written whole after each.

    Args:
        path: Of the file. What it has is kept.
        about: What stands at its top.
        same: What of this must be as in the file, since runs of different kinds cannot stand side by side.
        listed: Makes more of it, from the runs.

    Raises:
        ValueError: The file has another ``about``.
    """

    def __init__(
        self,
        path: Path,
        about: dict[str, Any],
        same: Iterable[str],
        listed: Callable[[Sequence[Run]], dict[str, Any]] = lambda _: {},
    ) -> None:
        self.path, self.about, self.listed = path, about, listed
        self.runs: list[Run] = []
        if path.is_file():
            earlier = json.loads(path.read_text())
            if other := [key for key in same if earlier.get(key) != about[key]]:
                raise ValueError(
                    f'{path} has results of other {other[0]} ({earlier.get(other[0])}, not {about[other[0]]}): move it '
                    'away to begin anew'
                )
            self.runs = earlier['runs']

    def complete(self, condition: Condition, model: Any, benchmarks: Benchmarks) -> None:
        """Evaluate a network by what it was not yet evaluated by; another one under the condition is forgotten."""
        network = model_hash(model)
        known: Flat = next((run['metrics'] for run in self.of([condition]) if run['network'] == network), {})
        found = benchmarks.metrics(model, self.path.with_suffix(''), known)
        if found != known:
            self._put(condition._asdict() | dict(network=network, metrics=found))

    def of(self, conditions: Iterable[Condition]) -> list[Run]:
        """Runs under these conditions, in their order."""
        return [run for each in conditions for run in self.runs if each._asdict().items() <= run.items()]

    def _put(self, run: Run) -> None:
        fields = {key: value for key, value in run.items() if key not in ('network', 'metrics')}
        self.runs = [each for each in self.runs if not fields.items() <= each.items()] + [run]
        if is_main_process():
            write_json(self.about | self.listed(self.runs) | dict(runs=self.runs), self.path)
