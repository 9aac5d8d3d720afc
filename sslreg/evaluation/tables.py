"""Tables of results, for a terminal and for a page."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rich.markup import escape
from rich.table import Table

from .results import Evaluation, Metrics, Outcome

LONG = 20  # rows of a table that is shortened
MANY_COLUMNS = 8
GRID = re.compile(r'/(?:sgd|lars)-lr[^/]+/[^/]+$')  # a head of a linear probe's grid
GROUP = re.compile(r'^([^/]+)/([^/]+)$')  # of an attack, a clip, a difficulty
COUNT = re.compile(r'(?:^|/)(?:queries|images)$')
LOWER = re.compile(r'_decay$')


class ResultTable(NamedTuple):
    """A table of results.

    Attributes:
        title: Of the table.
        columns: Their headings, without that of the rows' names.
        rows: As many cells in each as there are columns, '' for what is not known.
        best: Rows and columns, from 0, of the cells to mark.
        note: What follows the table.
    """

    title: str
    columns: Sequence[str]
    rows: Mapping[str, Sequence[str]]
    best: Set[tuple[int, int]] = frozenset()
    note: str = ''

    @property
    def cells(self) -> list[list[str]]:
        """With headings and names of rows."""
        return [['', *self.columns], *([name, *values] for name, values in self.rows.items())]

    def rich(self) -> Table:
        table = Table(title=escape(self.title), caption=escape(self.note) or None, caption_justify='left')
        if len(self.columns) > MANY_COLUMNS:  # so that no number is cut in 80 characters
            table.box, table.padding = None, (0, 1, 0, 0)
        table.add_column(no_wrap=True)
        for column in self.columns:
            table.add_column(escape(column), justify='right', overflow='fold')
        for i, (name, values) in enumerate(self.rows.items()):
            cells = (f'[bold]{value}[/bold]' if (i, j) in self.best else value for j, value in enumerate(values))
            table.add_row(escape(name), *cells)
        return table


def result_table(title: str, columns: Mapping[str, Metrics], rows: Sequence[str], note: str = '') -> ResultTable:
    """Metrics ``rows`` of models and papers, the best of each marked; standard deviations stand beside their means."""
    cells = {name: [_cell(metrics, name) for metrics in columns.values()] for name in rows}
    best = {(i, j) for i, name in enumerate(rows) for j in _best(name, [each.get(name) for each in columns.values()])}
    return ResultTable(title, list(columns), cells, best, note)


def _cell(metrics: Metrics, name: str) -> str:
    if name not in metrics:
        return ''
    value = f'{metrics[name]:.0f}' if COUNT.search(name) else f'{metrics[name]:.2f}'
    return f'{value} ± {metrics[f"{name}_std"]:.2f}' if f'{name}_std' in metrics else value


def _best(name: str, values: Sequence[float | None]) -> list[int]:
    """Places of the best of the values as they are printed; none where there is nothing to choose."""
    known = {place: round(value, 2) for place, value in enumerate(values) if value is not None}
    if COUNT.search(name) or len(set(known.values())) < 2:
        return []
    best = min(known.values()) if LOWER.search(name) else max(known.values())
    return [place for place, value in known.items() if value == best]


def main_metrics(names: Sequence[str], reported: Set[str]) -> list[str]:
    """What a short table has: of a linear probe's grid the head that was selected; of a long list no attacks or clips.

    What papers report stays.
    """
    kept = [name for name in names if name in reported or not GRID.search(name)]
    if len(kept) <= LONG:
        return kept
    whole = [name for name in kept if name in reported or not GROUP.search(name)]
    return whole or kept


@dataclass(frozen=True)
class Comparison:
    """One benchmark's metrics of models and of papers.

    Attributes:
        name: Of the benchmark.
        models: What it found, by the models' titles.
    """

    name: str
    models: dict[str, Outcome]

    @cached_property
    def papers(self) -> dict[str, Metrics]:
        return {method: metrics for each in self.models.values() for method, metrics in each.reference.items()}

    @property
    def columns(self) -> dict[str, Metrics]:
        """Models, then papers."""
        return {title: each.metrics for title, each in self.models.items()} | self.papers

    @cached_property
    def every(self) -> list[str]:
        """All metrics of the models."""
        return list(dict.fromkeys(name for each in self.models.values() for name in each.metrics))

    @cached_property
    def names(self) -> list[str]:
        """Metrics of the models, without the standard deviations of others."""
        return [name for name in self.every if not (name.endswith('_std') and name.removesuffix('_std') in self.every)]

    @cached_property
    def reported(self) -> set[str]:
        """Metrics that papers have."""
        return {name for metrics in self.papers.values() for name in metrics}

    @property
    def main(self) -> list[str]:
        return main_metrics(self.names, self.reported)

    @property
    def first(self) -> str:
        """The metric that stands for the benchmark: the first that papers report, or else the first."""
        values = [name for name in self.names if not COUNT.search(name)]
        return next((name for name in values if name in self.reported), (values or self.names)[0])

    def table(self, names: Sequence[str], note: str = '') -> ResultTable:
        return result_table(self.name, self.columns, names, note)


def compare(evaluations: Sequence[Evaluation]) -> list[Comparison]:
    """For each benchmark the models that have it.

    Raises:
        ValueError: Two models have one title.
    """
    titles = [each.title for each in evaluations]
    if twice := [title for title in titles if titles.count(title) > 1]:
        raise ValueError(f'two models are named {twice[0]!r}: change "title" in one of their results.json')
    names = dict.fromkeys(name for each in evaluations for name in each.benchmarks)
    return [
        Comparison(name, {each.title: each.benchmarks[name] for each in evaluations if name in each.benchmarks})
        for name in names
    ]


def short_table(comparison: Comparison, file: str) -> ResultTable:
    """What a terminal shows; ``file`` is where all metrics are."""
    left_out = len(comparison.names) - len(comparison.main)
    return comparison.table(comparison.main, f'{left_out} more in {file}' if left_out else '')


def headlines(comparisons: Sequence[Comparison]) -> dict[str, Metrics]:
    """Of each model the first metric of each benchmark, as ``'davis_mini: J&F'``."""
    columns: dict[str, Metrics] = {}
    for each in comparisons:
        for title, outcome in each.models.items():
            own = columns.setdefault(title, {})
            own |= {f'{each.name}: {name}': value for name, value in outcome.metrics.items() if name == each.first}
    return columns


def overview(comparisons: Sequence[Comparison]) -> ResultTable:
    return result_table('overview', headlines(comparisons), [f'{each.name}: {each.first}' for each in comparisons])
