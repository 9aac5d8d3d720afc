"""Benchmarks by name, run together for one model."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from rich.console import Console
from rich.table import Table
from torch import Tensor

from sslreg.registry import BENCHMARKS

from .benchmarks.base import BaseBenchmark, Wanted
from .extract import Extractor
from .kinds import kind_text

FOLDER = Path('configs/benchmarks')
Results = dict[str, dict[str, float]]  # metrics of each benchmark


def load(name: str, data_root: str | None = None) -> Config:
    """The config of a benchmark: a file, or the name of one in ``configs/benchmarks``.

    Args:
        name: E.g. ``'davis_mini'`` or ``'mine/faces.py'``.
        data_root: Where to look for what the config has below ``data/``.

    Raises:
        FileNotFoundError: There is no such benchmark.
        ValueError: The file describes none.
    """
    path = Path(name) if name.endswith('.py') else FOLDER / f'{name}.py'
    if not path.is_file():
        known = ', '.join(sorted(file.stem for file in FOLDER.glob('[!_]*.py')))
        raise FileNotFoundError(f'benchmark {name!r}: {path} does not exist; there are {known}')
    cfg = Config.fromfile(path)
    if 'benchmark' not in cfg:
        raise ValueError(f'{path} is no benchmark: it has no benchmark=dict(type=...)')
    if data_root is not None:
        _move(cfg.benchmark, data_root)
    return cfg


def _move(part: Any, root: str) -> None:
    """Have every path ``data/...`` start with another root, in place."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(value, (dict, list)):
            _move(value, root)
        elif isinstance(value, str) and value.startswith('data/'):
            part[key] = str(Path(root, value.removeprefix('data/')))


def build(configs: dict[str, Config]) -> dict[str, BaseBenchmark]:
    """By the names of the configs."""
    return {name: BENCHMARKS.build(cfg.benchmark) for name, cfg in configs.items()}


def plan(benchmarks: dict[str, BaseBenchmark]) -> dict[str, dict[str, Wanted]]:
    """What each benchmark wants; errors of data are raised here, before anything is computed."""
    return {name: benchmark.wanted() for name, benchmark in benchmarks.items()}


def run(
    benchmarks: dict[str, BaseBenchmark], wanted: dict[str, dict[str, Wanted]], extractor: Extractor, folder: Path
) -> Results:
    """Extract all that is wanted, each image once, then run the benchmarks; what some train is kept in ``folder``."""
    places = [(name, part) for name, parts in wanted.items() for part in parts]
    feats = dict(zip(places, extractor([wanted[name][part] for name, part in places]), strict=True))
    results: Results = {}
    for name, benchmark in benchmarks.items():
        benchmark.fit(extractor.model, folder)
        results[name] = benchmark.run(_own(feats, name))
    return results


def _own(feats: dict[tuple[str, str], Tensor], name: str) -> dict[str, Tensor]:
    return {part: value for (owner, part), value in feats.items() if owner == name}


def describe(wanted: dict[str, dict[str, Wanted]]) -> Table:
    """What will be read: for ``--dry-run``."""
    table = Table('benchmark', 'part', 'images', 'dataset', 'features')
    for name, parts in wanted.items():
        for part, each in parts.items():
            dataset = type(each.dataset).__name__
            table.add_row(name, part, f'{len(each.dataset):,}', dataset, kind_text(each.kind))
    return table


def tables(results: Results, configs: dict[str, Config], title: str) -> Iterable[Table]:
    """One for each benchmark: the model's column, and those of papers that its config has (``reference``)."""
    for name, metrics in results.items():
        reference: dict[str, dict[str, float]] = configs[name].get('reference', {})
        columns = {title: metrics} | reference
        table = Table('', *columns, title=name)
        for metric in metrics:
            cells = (f'{values[metric]:.2f}' if metric in values else '' for values in columns.values())
            table.add_row(metric, *cells)
        yield table


def show(results: Results, configs: dict[str, Config], title: str) -> None:
    console = Console()
    for table in tables(results, configs, title):
        console.print(table)


def write(results: Results, folder: Path) -> None:
    """``results.json`` and ``results.csv`` (benchmark, metric, value)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'results.json').write_text(json.dumps(results, indent=2) + '\n')
    with (folder / 'results.csv').open('w', newline='') as file:
        rows: Sequence[Sequence[Any]] = [
            (name, metric, value) for name, metrics in results.items() for metric, value in metrics.items()
        ]
        csv.writer(file).writerows([('benchmark', 'metric', 'value'), *rows])
