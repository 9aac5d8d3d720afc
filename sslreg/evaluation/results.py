"""What benchmarks found of a model, with what a reader needs to place it: kept as ``results.json``."""

import ast
import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslreg.registry import type_name

from .benchmarks.base import Wanted
from .extract import NAMED
from .kinds import kind_text

Metrics = dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """What one benchmark found.

    Attributes:
        metrics: By name, in per cent unless they are counts.
        about: What the benchmark is.
        protocol: Data, features and settings, in words.
        reference: Metrics of methods in papers.
        source: Where these are from.
    """

    metrics: Metrics
    about: str = ''
    protocol: dict[str, str] = field(default_factory=dict)
    reference: dict[str, Metrics] = field(default_factory=dict)
    source: str = ''

    @classmethod
    def of(cls, metrics: Metrics, cfg: Config, wanted: dict[str, Wanted]) -> 'Outcome':
        """Of a benchmark with its config and what it asked for."""
        reference = {method: dict(values) for method, values in cfg.get('reference', {}).items()}
        source = cfg.get('reference_source', '')
        return cls(metrics, summary(cfg.filename), protocol(cfg, wanted), reference, source)


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
    """Data, features and settings of a benchmark, in words."""
    images: dict[str, int] = {}
    for each in {id(each.dataset): each for each in wanted.values()}.values():
        place = _place(each.dataset)
        images[place] = images.get(place, 0) + len(each.dataset)
    return {
        'data': '; '.join(f'{number:,} images of {place}' for place, number in images.items()),
        'features': '; '.join(dict.fromkeys(kind_text(each.kind) for each in wanted.values())),
        'protocol': f'{type_name(cfg.benchmark["type"])}({_settings(cfg.benchmark)})',
    }


def _place(dataset: Any) -> str:
    """Class and file or folder of a dataset; several parts of one folder have one place."""
    prefix = getattr(dataset, 'data_prefix', {}).get('img_path')
    path = getattr(dataset, 'ann_file', '') or prefix or getattr(dataset, 'data_root', '')
    return f'{type(dataset).__name__} {path}'.rstrip(' /')


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
