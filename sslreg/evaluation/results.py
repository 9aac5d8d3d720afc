"""What benchmarks found of a model, with what a reader needs to place it: kept as ``results.json``."""

import ast
import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslreg.registry import type_name

from .features.corrupt import place
from .features.extract import NAMED
from .features.kinds import kind_text
from .protocols.base import Wanted

Metrics = dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """What one benchmark found.

    Attributes:
        metrics: By name, in per cent unless they are counts.
        about: What the benchmark is.
        protocol: Data, their transforms, features and settings, in words.
        reference: Metrics of methods in papers.
        source: Where these are from.
    """

    metrics: Metrics
    about: str = ''
    protocol: dict[str, str] = field(default_factory=dict)
    reference: dict[str, Metrics] = field(default_factory=dict)
    source: str = ''

    @classmethod
    def of(cls, metrics: Metrics, cfg: Config, wanted: dict[str, Wanted], note: str) -> 'Outcome':
        """Of a benchmark with its config, what it asked for and its ``note``."""
        reference = {method: dict(values) for method, values in cfg.get('reference', {}).items()}
        source = cfg.get('reference_source', '')
        words = protocol(cfg, wanted) | (dict(note=note) if note else {})
        return cls(metrics, summary(cfg.filename), words, reference, source)


@dataclass(frozen=True)
class Evaluation:
    """What benchmarks found of one model.

    Attributes:
        title: The model's name in tables.
        facts: Config, checkpoint, command, date, hardware and versions, in words.
        benchmarks: By name.
    """

    title: str
    facts: dict[str, str]
    benchmarks: dict[str, Outcome]

    def write(self, folder: Path) -> None:
        """``results.json`` and ``results.csv`` (benchmark, metric, value)."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'results.json').write_text(json.dumps(asdict(self), indent=2) + '\n', encoding='utf-8')
        rows = [(name, *item) for name, outcome in self.benchmarks.items() for item in outcome.metrics.items()]
        write_csv(folder / 'results.csv', [('benchmark', 'metric', 'value'), *rows])

    @classmethod
    def read(cls, folder: Path) -> 'Evaluation':
        """What :meth:`write` wrote.

        Raises:
            FileNotFoundError: There is no ``results.json``.
            ValueError: It is something else.
        """
        path = folder / 'results.json'
        if not path.is_file():
            raise FileNotFoundError(f'{path} does not exist: tools/test.py --benchmarks ... --out {folder} makes it')
        try:
            found = json.loads(path.read_text(encoding='utf-8'))
            benchmarks = {name: Outcome(**outcome) for name, outcome in found['benchmarks'].items()}
            return cls(found['title'], found['facts'], benchmarks)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f'{path} is not what tools/test.py --benchmarks writes, {error!r}: run it again') from None


def earlier_outcomes(folder: Path, network: str) -> dict[str, Outcome]:
    """What a folder has of the same network, by benchmark: a run of others adds to it.

    Args:
        folder: Of an earlier run, if there was one.
        network: :func:`model_hash`, the fact of this name.

    Raises:
        ValueError: It has results of another network, which would be lost.
    """
    if not (folder / 'results.json').is_file():
        return {}
    earlier = Evaluation.read(folder)
    if earlier.facts.get('network') != network:
        raise ValueError(f'{folder} has results of another network, {earlier.title!r}: give another folder by --out')
    return earlier.benchmarks


def left_out(broken: dict[str, list[str]]) -> dict[str, str]:
    """As a fact: how many images of each dataset could not be decoded, and the first of them."""
    texts = [f'{len(names)} images of {name} ({", ".join(names[:NAMED])})' for name, names in broken.items()]
    return {'left out': f'{"; ".join(texts)}: they cannot be decoded'} if texts else {}


def write_csv(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    with path.open('w', newline='', encoding='utf-8') as file:
        csv.writer(file).writerows(rows)


def summary(path: str | None) -> str:
    """First paragraph of a config's docstring, in one line; empty without one."""
    text = ast.get_docstring(ast.parse(Path(path).read_text(encoding='utf-8'))) if path else None
    return ' '.join((text or '').split('\n\n')[0].split()).replace('``', '')


def protocol(cfg: Config, wanted: dict[str, Wanted]) -> dict[str, str]:
    """Data, their transforms, features and settings of a benchmark, in words."""
    images: dict[str, int] = {}
    for each in {id(each.dataset): each for each in wanted.values()}.values():
        where = place(each.dataset)
        images[where] = images.get(where, 0) + len(each.dataset)
    words = {
        'data': '; '.join(f'{number:,} images of {where}' for where, number in images.items()),
        'transforms': '; '.join(dict.fromkeys(_transforms(cfg.benchmark))),
        'features': '; '.join(dict.fromkeys(kind_text(each.kind) for each in wanted.values())),
        'protocol': f'{type_name(cfg.benchmark["type"])}({_settings(cfg.benchmark)})',
    }
    return {key: text for key, text in words.items() if text}


def _transforms(config: dict[str, Any]) -> Iterator[str]:
    """Of each dataset below a config."""
    for key, value in config.items():
        if key == 'pipeline':
            yield ', '.join(map(kind_text, value))
        elif isinstance(value, dict):
            yield from _transforms(value)


def _settings(benchmark: dict[str, Any]) -> str:
    """Arguments that are neither datasets nor kinds of features, which are told elsewhere."""
    left_out = {'type', 'kind', 'kinds'}
    return ', '.join(
        f'{key}={_text(value)}'
        for key, value in benchmark.items()
        if key not in left_out and not (isinstance(value, dict) and 'data_root' in value)
    )


def _text(value: Any) -> str:
    """A setting as it would be written, components as their types and arguments."""
    if isinstance(value, dict):
        return kind_text(value) if 'type' in value else f'dict({", ".join(f"{k}={v!r}" for k, v in value.items())})'
    if isinstance(value, (list, tuple)):
        return f'[{", ".join(map(_text, value))}]'
    return repr(value)
