"""Networks that differ in one condition, evaluated by the same benchmarks; what was found is kept."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from mmengine.dist import is_main_process

from sslreg.evaluation import Extractor, FeatureStore, groups, suite
from sslreg.evaluation.features.store import model_hash
from sslreg.utils.files import write_json

Metrics = dict[str, float]
Run = dict[str, Any]  # the fields of a condition, 'network' and 'metrics'


class Condition(Protocol):
    """A named tuple."""

    def _asdict(self) -> dict[str, Any]: ...


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
        known: Metrics = next((run['metrics'] for run in self.of([condition]) if run['network'] == network), {})
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
