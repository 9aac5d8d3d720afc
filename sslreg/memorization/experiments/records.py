"""Metrics of networks under several conditions, kept in a JSON file."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from mmengine.dist import is_main_process

from sslreg.evaluation.features.store import model_hash
from sslreg.utils.files import write_json


class Condition(Protocol):
    """Named tuple of the removed images or pruned units, with their order and seed."""

    @property
    def order(self) -> str:
        """One of :data:`ORDERS`, or ``'none'``."""
        ...

    @property
    def seed(self) -> int:
        """Seed of the draw."""
        ...

    def _asdict(self) -> dict[str, Any]: ...


C = TypeVar('C', bound=Condition)


class Evaluator(Protocol):
    """Benchmarks that evaluate a network."""

    def metrics(self, model: Any, folder: Path, known: dict[str, float]) -> dict[str, float]:
        """Return the metrics of a model; ``known`` ones are kept."""
        ...


@dataclass(frozen=True)
class ConditionRun(Generic[C]):
    """Metrics of one network.

    Attributes:
        condition: The removed images or pruned units.
        network: Hash of the network.
        metrics: Metrics by ``BENCHMARK/METRIC``.
    """

    condition: C
    network: str
    metrics: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return the run as one flat dict."""
        return self.condition._asdict() | dict(network=self.network, metrics=self.metrics)


def read_runs(found: Sequence[Mapping[str, Any]], kind: Callable[..., C]) -> list[ConditionRun[C]]:
    """Return runs from their JSON form, with conditions of a kind."""
    taken = ('network', 'metrics')
    conditions = (kind(**{key: value for key, value in run.items() if key not in taken}) for run in found)
    return [
        ConditionRun(condition, run['network'], run['metrics'])
        for condition, run in zip(conditions, found, strict=True)
    ]


class Record(Generic[C]):
    """Runs under several conditions, in a JSON file that is written after each.

    Args:
        path: The file; its runs are kept.
        kind: Class of the conditions.
        about: Settings at the top of the file.
        same: Settings that must be as in the file, since runs of different kinds cannot stand side by side.
        overview: Function that makes further settings from the runs.

    Raises:
        ValueError: The file has other settings.
    """

    def __init__(
        self,
        path: Path,
        kind: Callable[..., C],
        about: dict[str, Any],
        same: Iterable[str],
        overview: Callable[[Sequence[ConditionRun[C]]], dict[str, Any]] = lambda _: {},
    ) -> None:
        self.path, self.about, self.overview = path, about, overview
        self.runs: list[ConditionRun[C]] = []
        if path.is_file():
            earlier = json.loads(path.read_text())
            if other := [key for key in same if earlier.get(key) != about[key]]:
                raise ValueError(
                    f'{path} has results of other {other[0]} ({earlier.get(other[0])}, not {about[other[0]]}): move it '
                    'away to begin anew'
                )
            self.runs = read_runs(earlier['runs'], kind)

    def complete(self, condition: C, model: Any, benchmarks: Evaluator) -> None:
        """Evaluate a network by the benchmarks that are missing; results of another network are replaced."""
        network = model_hash(model)
        known = next((run.metrics for run in self.of([condition]) if run.network == network), {})
        found = benchmarks.metrics(model, self.path.with_suffix(''), known)
        if found != known:
            self._put(ConditionRun(condition, network, found))

    def of(self, conditions: Iterable[C]) -> list[ConditionRun[C]]:
        """Return the runs under these conditions, in their order."""
        return [run for each in conditions for run in self.runs if run.condition == each]

    def _put(self, run: ConditionRun[C]) -> None:
        self.runs = [each for each in self.runs if each.condition != run.condition] + [run]
        if is_main_process():
            runs = [each.to_json() for each in self.runs]
            write_json(self.about | self.overview(self.runs) | dict(runs=runs), self.path)
