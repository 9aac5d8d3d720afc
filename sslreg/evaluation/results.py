"""Results of benchmarks on a model, with the facts that readers need to interpret them; stored as ``results.json``."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sslreg.utils.files import write_json

from .features.extract import LISTED
from .metric import Metrics, with_metrics


@dataclass(frozen=True)
class Outcome:
    """Result of one benchmark. Bare names of metrics become :class:`sslreg.evaluation.Metric` objects.

    Attributes:
        metrics: Values by metric, in per cent unless they are counts.
        about: Summary of the benchmark.
        protocol: Data, their transforms, features and settings, in words.
        reference: Metrics of methods in papers.
        source: Where the papers' metrics are published.
    """

    metrics: Metrics
    about: str = ''
    protocol: dict[str, str] = field(default_factory=dict)
    reference: dict[str, Metrics] = field(default_factory=dict)
    source: str = ''

    def __post_init__(self) -> None:
        """Make all names metrics."""
        reference = {method: with_metrics(values) for method, values in self.reference.items()}
        object.__setattr__(self, 'metrics', with_metrics(self.metrics))
        object.__setattr__(self, 'reference', reference)


@dataclass(frozen=True)
class Evaluation:
    """Results of benchmarks on one model.

    Attributes:
        title: Name of the model in tables.
        facts: Config, checkpoint, command, date, hardware and versions, in words.
        benchmarks: Outcomes by the name of the benchmark.
    """

    title: str
    facts: dict[str, str]
    benchmarks: dict[str, Outcome]

    def write(self, folder: Path) -> None:
        """Write ``results.json`` and ``results.csv`` (benchmark, metric, value)."""
        write_json(self._json(), folder / 'results.json')
        rows = [(name, *item) for name, outcome in self.benchmarks.items() for item in outcome.metrics.items()]
        write_csv(folder / 'results.csv', [('benchmark', 'metric', 'value'), *rows])

    def _json(self) -> dict[str, Any]:
        """Return all fields, and beside them those of the metrics, a key that earlier versions ignore."""
        metrics = {
            name: {metric: metric.fields for metric in outcome.metrics} for name, outcome in self.benchmarks.items()
        }
        return asdict(self) | dict(metrics=metrics)

    @classmethod
    def read(cls, folder: Path) -> 'Evaluation':
        """Read what :meth:`write` wrote; in files of earlier versions metrics have bare names.

        Raises:
            FileNotFoundError: There is no ``results.json``.
            ValueError: The file has another content.
        """
        path = folder / 'results.json'
        if not path.is_file():
            raise FileNotFoundError(f'{path} does not exist: tools/test.py --benchmarks ... --out {folder} makes it')
        try:
            found = json.loads(path.read_text(encoding='utf-8'))
            fields = found.get('metrics', {})
            benchmarks = {name: _outcome(each, fields.get(name, {})) for name, each in found['benchmarks'].items()}
            return cls(found['title'], found['facts'], benchmarks)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f'{path} is not what tools/test.py --benchmarks writes, {error!r}: run it again') from None


def _outcome(stored: dict[str, Any], fields: Mapping[str, Mapping[str, Any]]) -> Outcome:
    return Outcome(**stored | dict(metrics=with_metrics(stored['metrics'], fields)))


def earlier_outcomes(folder: Path, network: str) -> dict[str, Outcome]:
    """Return the outcomes of the same network that a folder has, so that a run of other benchmarks adds to them.

    Args:
        folder: Folder of results, which need not exist.
        network: Hash of the network by :func:`model_hash`; the fact of this name in the results.

    Raises:
        ValueError: The folder has results of another network, which would be lost.
    """
    if not (folder / 'results.json').is_file():
        return {}
    earlier = Evaluation.read(folder)
    if earlier.facts.get('network') != network:
        raise ValueError(f'{folder} has results of another network, {earlier.title!r}: give another folder by --out')
    return earlier.benchmarks


def left_out(broken: dict[str, list[str]]) -> dict[str, str]:
    """Return a fact with the number and first names of the images of each dataset that could not be decoded."""
    texts = [f'{len(names)} images of {name} ({", ".join(names[:LISTED])})' for name, names in broken.items()]
    return {'left out': f'{"; ".join(texts)}: they cannot be decoded'} if texts else {}


def write_csv(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """Write rows of cells."""
    with path.open('w', newline='', encoding='utf-8') as file:
        csv.writer(file).writerows(rows)
