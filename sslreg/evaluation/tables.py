"""Tables of results, for a terminal and for a page."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from sslreg.utils.console import show

from .metric import Metric, Metrics
from .results import Evaluation, Outcome

LONG = 20  # longer tables leave out groups
MANY_COLUMNS = 6


class ResultTable(NamedTuple):
    """Table of results.

    Attributes:
        title: Title of the table.
        columns: Headings of the columns, without that of the rows' names.
        rows: Cells of each row by its name, one for each column, '' for unknown values.
        best: Rows and columns, from 0, of the cells to mark.
        note: Text below the table.
    """

    title: str
    columns: Sequence[str]
    rows: Mapping[str, Sequence[str]]
    best: Set[tuple[int, int]] = frozenset()
    note: str = ''

    @property
    def cells(self) -> list[list[str]]:
        """Cells with headings and names of rows."""
        return [['', *self.columns], *([name, *values] for name, values in self.rows.items())]

    def rich(self) -> Table:
        """Make a table for a terminal."""
        table = Table(title=self.title, caption=self.note or None, caption_justify='left')
        if len(self.columns) > MANY_COLUMNS:  # so that no number is cut in 80 characters
            table.box, table.padding = None, (0, 1, 0, 0)
        table.add_column(no_wrap=True)
        for column in self.columns:
            table.add_column(column, justify='right', overflow='fold')
        for i, (name, values) in enumerate(self.rows.items()):
            cells = (Text(value, style='bold' if (i, j) in self.best else '') for j, value in enumerate(values))
            table.add_row(name, *cells)
        return table


def result_table(title: str, columns: Mapping[str, Metrics], rows: Sequence[Metric], note: str = '') -> ResultTable:
    """Make a table of metrics ``rows`` of models and papers, with the best values marked.

    Standard deviations stand beside their means.
    """
    cells: dict[str, list[str]] = {metric: [_cell(metrics, metric) for metrics in columns.values()] for metric in rows}
    best = {
        (i, j) for i, metric in enumerate(rows) for j in _best(metric, [each.get(metric) for each in columns.values()])
    }
    return ResultTable(title, list(columns), cells, best, note)


def _cell(metrics: Metrics, metric: Metric) -> str:
    if metric not in metrics:
        return ''
    value = f'{metrics[metric]:.0f}' if metric.is_count else f'{metrics[metric]:.2f}'
    return f'{value} ± {metrics[metric.deviation]:.2f}' if metric.deviation in metrics else value


def _best(metric: Metric, values: Sequence[float | None]) -> list[int]:
    """Return the columns of the best of the values as they are printed; none if all are alike."""
    printed = {column: round(value, 2) for column, value in enumerate(values) if value is not None}
    if metric.is_count or len(set(printed.values())) < 2:
        return []
    best = max(printed.values()) if metric.higher_is_better else min(printed.values())
    return [column for column, value in printed.items() if value == best]


def main_metrics(metrics: Sequence[Metric], reported: Set[Metric]) -> list[Metric]:
    """Return the metrics of a short table: no heads of a grid and, of a long list, no groups such as attacks or clips.

    Args:
        metrics: All metrics.
        reported: Metrics that papers report, which a short table keeps.
    """
    kept = [metric for metric in metrics if metric in reported or metric.role != 'grid']
    if len(kept) <= LONG:
        return kept
    overall = [metric for metric in kept if metric in reported or not metric.group]
    return overall or kept


@dataclass(frozen=True)
class Comparison:
    """Metrics of one benchmark, for models and papers.

    Attributes:
        name: Name of the benchmark.
        models: Outcomes by the titles of the models.
    """

    name: str
    models: dict[str, Outcome]

    @cached_property
    def papers(self) -> dict[str, Metrics]:
        """Metrics of methods in papers, by method."""
        return {method: metrics for each in self.models.values() for method, metrics in each.reference.items()}

    @property
    def columns(self) -> dict[str, Metrics]:
        """Metrics of models, then of papers."""
        return {title: each.metrics for title, each in self.models.items()} | self.papers

    @cached_property
    def all_metrics(self) -> list[Metric]:
        """All metrics of the models."""
        return list(dict.fromkeys(metric for each in self.models.values() for metric in each.metrics))

    @cached_property
    def metrics(self) -> list[Metric]:
        """Metrics of the models, without standard deviations, which stand beside their means."""
        deviations = {metric.deviation for metric in self.all_metrics if not metric.is_deviation}
        return [metric for metric in self.all_metrics if metric not in deviations]

    @cached_property
    def reported(self) -> set[Metric]:
        """Metrics that papers report."""
        return {metric for metrics in self.papers.values() for metric in metrics}

    @property
    def main(self) -> list[Metric]:
        """Metrics of a short table."""
        return main_metrics(self.metrics, self.reported)

    @property
    def headline(self) -> Metric:
        """Metric that stands for the benchmark: the first that papers report, or else the first."""
        values = [metric for metric in self.metrics if not metric.is_count]
        return next((metric for metric in values if metric in self.reported), (values or self.metrics)[0])

    def table(self, metrics: Sequence[Metric], note: str = '') -> ResultTable:
        """Make a table of some of the metrics."""
        return result_table(self.name, self.columns, metrics, note)


def compare(evaluations: Sequence[Evaluation]) -> list[Comparison]:
    """Return a comparison of the models that have results, for each benchmark.

    Raises:
        ValueError: Two models have one title.
    """
    titles = [each.title for each in evaluations]
    if twice := [title for title in titles if titles.count(title) > 1]:
        raise ValueError(
            f'two models are named {twice[0]!r}: name one by --title of tools/test.py, or in its results.json'
        )
    names = dict.fromkeys(name for each in evaluations for name in each.benchmarks)
    return [
        Comparison(name, {each.title: each.benchmarks[name] for each in evaluations if name in each.benchmarks})
        for name in names
    ]


def short_table(comparison: Comparison, file: str) -> ResultTable:
    """Make the table for a terminal; ``file`` is the name of the file with all metrics."""
    left_out = len(comparison.metrics) - len(comparison.main)
    return comparison.table(comparison.main, f'{left_out} more in {file}' if left_out else '')


def print_tables(evaluation: Evaluation, tables: Iterable[ResultTable] = ()) -> None:
    """Print a short table of each benchmark, then other ``tables``."""
    for table in (*(short_table(each, 'results.csv') for each in compare([evaluation])), *tables):
        show(table.rich())


def headlines(comparisons: Sequence[Comparison]) -> dict[str, Metrics]:
    """Return for each model the headline of each benchmark, under names like ``'davis_mini: J&F'``."""
    columns: dict[str, Metrics] = {}
    for each in comparisons:
        metric = headline_name(each)
        for title, outcome in each.models.items():
            column = columns.setdefault(title, {})
            if each.headline in outcome.metrics:
                column[metric] = outcome.metrics[each.headline]
    return columns


def headline_name(comparison: Comparison) -> Metric:
    """Return the headline with the name of its benchmark, ``'davis_mini: J&F'``."""
    headline = comparison.headline
    return Metric(f'{comparison.name}: {headline}', unit=headline.unit, higher_is_better=headline.higher_is_better)


def overview(comparisons: Sequence[Comparison]) -> ResultTable:
    """Make a table with a row for each benchmark."""
    return result_table('overview', headlines(comparisons), [headline_name(each) for each in comparisons])
