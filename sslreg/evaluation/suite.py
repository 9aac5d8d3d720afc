"""Benchmarks by name, run together for one model."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log
from rich.console import Console
from torch import Tensor

from sslreg.registry import BENCHMARKS

from .features.extract import Extractor
from .missing import MissingDataError, missing
from .protocols.base import BaseBenchmark, Wanted
from .results import Evaluation, Outcome
from .tables import ResultTable, compare, short_table

FOLDER = Path('configs/benchmarks')
Results = dict[str, dict[str, float]]  # metrics of each benchmark


def find(name: str) -> Path:
    """The file of a benchmark, or of a group of some.

    Raises:
        FileNotFoundError: There is none.
    """
    path = Path(name) if name.endswith('.py') else FOLDER / f'{name}.py'
    if not path.is_file():
        known = ', '.join(sorted(file.stem for file in FOLDER.glob('[!_]*.py')))
        raise FileNotFoundError(f'benchmark {name!r}: {path} does not exist; there are {known}')
    return path


def load(name: str, data_root: str | None = None) -> Config:
    """The config of a benchmark: a file, or the name of one in ``configs/benchmarks``.

    Args:
        name: E.g. ``'davis_mini'`` or ``'mine/faces.py'``.
        data_root: Where to look for what the config has below ``data/``.

    Raises:
        FileNotFoundError: There is no such benchmark.
        ValueError: The file describes none.
    """
    path = find(name)
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


def prepare(configs: dict[str, Config]) -> tuple[dict[str, BaseBenchmark], dict[str, dict[str, Wanted]]]:
    """:func:`build` and :func:`plan`.

    Raises:
        MissingDataError: Benchmarks cannot run; names all of them, and all that each lacks.
    """
    try:
        benchmarks = build(configs)
        return benchmarks, plan(benchmarks)
    except (OSError, ValueError) as error:
        raise MissingDataError(missing(configs)) from error


def run(
    benchmarks: dict[str, BaseBenchmark], wanted: dict[str, dict[str, Wanted]], extractor: Extractor, folder: Path
) -> Results:
    """Extract all that is wanted, each image once, then run the benchmarks; what some train is kept in ``folder``."""
    places = [(name, part) for name, parts in wanted.items() for part in parts]
    feats = dict(zip(places, extractor([wanted[name][part] for name, part in places]), strict=True))
    results: Results = {}
    for name, benchmark in benchmarks.items():
        print_log(f'benchmark {name}', 'current')
        benchmark.fit(extractor.model, folder)
        results[name] = benchmark.run(_own(feats, name))
    return results


def _own(feats: dict[tuple[str, str], Tensor], name: str) -> dict[str, Tensor]:
    return {part: value for (owner, part), value in feats.items() if owner == name}


def record(
    results: Results,
    configs: dict[str, Config],
    benchmarks: dict[str, BaseBenchmark],
    wanted: dict[str, dict[str, Wanted]],
) -> dict[str, Outcome]:
    """Metrics with what each benchmark is, its data and the papers' figures that its config has (``reference``)."""
    return {
        name: Outcome.of(metrics, configs[name], wanted[name], benchmarks[name].note)
        for name, metrics in results.items()
    }


def show(evaluation: Evaluation, together: Iterable[ResultTable] = ()) -> None:
    """Print a table of each benchmark, then those of several ``together``."""
    console = Console()
    for table in (*(short_table(each, 'results.csv') for each in compare([evaluation])), *together):
        console.print(table.rich())
