"""Groups of benchmarks: averages over them, and one table of all beside the papers'."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from mmengine.config import Config

from .benchmark import Benchmark
from .description import summary
from .metric import Metrics, with_metrics
from .results import Outcome
from .tables import ResultTable


@dataclass(frozen=True)
class Group:
    """Benchmarks that are averaged; the averages are over those that were evaluated.

    Attributes:
        name: Name of the group.
        cfg: Config of :func:`load_group`.
        benchmarks: Members that are not left out.
    """

    name: str
    cfg: Config
    benchmarks: Sequence[Benchmark]

    @property
    def evaluated(self) -> list[Benchmark]:
        """Members that have all metrics of the table."""
        needed = {self.cfg.metric, *self.cfg.averages.values()}
        return [each for each in self.benchmarks if needed <= set(each.metrics)]

    @property
    def is_complete(self) -> bool:
        """Whether the whole group was evaluated, so that averages are comparable with those of papers."""
        return len(self.evaluated) == len(self.cfg.group)

    @property
    def averages(self) -> Metrics:
        """Averages by the names of their columns."""
        members = self.evaluated
        values = {column: [each.metrics[name] for each in members] for column, name in self.cfg.averages.items()}
        return with_metrics({column: fmean(each) for column, each in values.items() if each})

    def outcome(self) -> Outcome:
        """Return the averages as an outcome, with those of papers if the whole group was evaluated."""
        papers = dict(self.cfg.get('reference', {})) if self.is_complete else {}
        reference = {paper: dict(values) for paper, values in papers.items()}
        protocol = {'data': f'averages over {", ".join(each.name for each in self.evaluated)}'}
        about, source = summary(self.cfg.filename), self.cfg.get('reference_source', '')
        return Outcome(self.averages, about, protocol, reference, source)

    def table(self, title: str) -> ResultTable:
        """Make a table with a row for the model and for each paper, and a column for each benchmark.

        Averages of papers are over the whole group, so they are shown only if all of it was evaluated.

        Args:
            title: Name of the model.
        """
        members, metric = self.evaluated, self.cfg.metric
        rows: dict[str, dict[str, float]] = {'this model': {each.name: each.metrics[metric] for each in members}}
        rows['this model'].update(self.averages.items())
        rows |= _papers(members, metric)
        if self.is_complete:
            for paper, values in self.cfg.get('reference', {}).items():
                rows[paper] = rows.get(paper, {}) | values
        columns = [each.name for each in members] + [*self.cfg.averages]
        cells = {
            row: [f'{values[column]:.1f}' if column in values else '' for column in columns]
            for row, values in rows.items()
        }
        return ResultTable(f'{self.name}: {title}', columns, cells, note=self._note())

    def _note(self) -> str:
        members = [each.name for each in self.evaluated]
        note = f'{self.cfg.metric}; averages over {len(members)} datasets'
        left_out = ', '.join(name for name in self.cfg.group if name not in members)
        return note if self.is_complete else f"{note} (left out: {left_out}), not comparable with papers'"


def _papers(benchmarks: Sequence[Benchmark], metric: str) -> dict[str, dict[str, float]]:
    """Return the figures of each paper under the names of the benchmarks."""
    rows: dict[str, dict[str, float]] = {}
    for each in benchmarks:
        for paper, values in each.cfg.get('reference', {}).items():
            if metric in values:
                rows.setdefault(paper, {})[each.name] = values[metric]
    return rows
