"""Tables of networks that were evaluated under several conditions."""

from collections.abc import Callable, Sequence

import torch

from sslreg.evaluation import Metric
from sslreg.evaluation.tables import ResultTable, main_metrics

from ..score_statistics import mean_and_std
from ..table_rows import plus_minus
from .records import C, ConditionRun
from .suite_evaluator import metrics_of


def run_table(title: str, name: str, runs: Sequence[ConditionRun[C]], level: Callable[[C], str]) -> ResultTable:
    """Tabulate the metrics of one benchmark by order and level: mean and standard deviation over seeds.

    A row below ``most`` and ``least`` has the difference of its mean from that of ``random`` at the same level.

    Args:
        title: Title of the table.
        name: Name of the benchmark.
        runs: Runs in the order of the rows.
        level: Returns how much was taken away, in words; '' for nothing.
    """
    metrics = shown_in_terminal(list(metrics_of(runs[0].metrics, name)))
    found: dict[tuple[str, str], list[list[float]]] = {}
    for run in runs:
        row = [run.metrics[f'{name}/{metric}'] for metric in metrics]
        found.setdefault((run.condition.order, level(run.condition)), []).append(row)
    values = {key: torch.tensor(rows, dtype=torch.float64) for key, rows in found.items()}  # [seeds, metrics]
    rows: dict[str, list[str]] = {}
    for (order, at), each in values.items():
        rows[f'{order} {at}'.rstrip()] = [plus_minus(mean_and_std(of), 2) for of in each.T]
        if order in ('most', 'least') and ('random', at) in values:
            differences = each.mean(dim=0) - values['random', at].mean(dim=0)
            rows[f'{order} {at} - random'] = [f'{difference:+.2f}' for difference in differences.tolist()]
    return ResultTable(title, [metric.replace('/', '\n') for metric in metrics], rows)


def shown_in_terminal(metrics: Sequence[Metric]) -> list[Metric]:
    """Return the metrics for a terminal: no secondary ones such as ``top5``, no heads of a grid, no single classes."""
    return main_metrics([metric for metric in metrics if metric.role != 'secondary'], set())
