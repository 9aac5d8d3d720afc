"""Averages over the runs of `remove` and `prune`: encoders trained without images, or pruned, and evaluated."""

from collections.abc import Sequence
from typing import Any

import torch

from sslreg.evaluation.metric import Metric, parse
from sslreg.memorization.experiments.records import ConditionRun
from sslreg.memorization.score_statistics import MeanStd, mean_and_std
from sslreg.reports.metric_plots import sweep_value, sweeps

Runs = Sequence[ConditionRun[Any]]
ORDER_NAMES = dict(most='most memorised', random='random', least='least memorised')


def averaged(runs: Runs, metric: str, **fields: Any) -> MeanStd | None:
    """Return mean and standard deviation of a metric over runs whose condition has these fields; None if none has."""
    values = [
        run.metrics[metric]
        for run in runs
        if metric in run.metrics and all(getattr(run.condition, key) == value for key, value in fields.items())
    ]
    return mean_and_std(torch.tensor(values, dtype=torch.float64)) if values else None


def plotted_metrics(runs: Runs) -> list[Metric]:
    """Return the main metrics to draw; of a sweep over a parameter only the largest value (k-NN: largest k)."""
    metrics = list(dict.fromkeys(parse(name) for run in runs for name in run.metrics))
    deviations = {metric.deviation for metric in metrics if not metric.is_deviation}
    kept = [metric for metric in metrics if metric.role == 'main' and metric not in deviations]
    for sweep in sweeps(kept):
        last = max(sweep, key=sweep_value)
        kept = [metric for metric in kept if metric == last or metric not in sweep]
    return kept


def orders_in(runs: Runs) -> list[str]:
    """Return the orders by which images were removed or units were pruned."""
    return [order for order in ORDER_NAMES if any(run.condition.order == order for run in runs)]
