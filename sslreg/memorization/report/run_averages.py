"""Averages over the runs of `remove` and `prune`: encoders trained without images, or pruned, and evaluated."""

from collections.abc import Sequence
from typing import Any

import torch

from sslreg.memorization.statistics import mean_and_std
from sslreg.reports.metric_plots import GRID, NOT_TOP1, SWEEPS, sweeps

Runs = Sequence[dict[str, Any]]  # each with its settings, 'seed' and 'metrics'
ORDER_NAMES = dict(most='most memorised', random='random', least='least memorised')


def averaged(runs: Runs, metric: str, **settings: Any) -> dict[str, float]:
    """Return mean and, from two runs on, standard deviation of a metric over runs with these settings; {} without."""
    values = [
        run['metrics'][metric]
        for run in runs
        if metric in run['metrics'] and all(run.get(key) == value for key, value in settings.items())
    ]
    return mean_and_std(torch.tensor(values, dtype=torch.float64)) if values else {}


def plotted_metrics(runs: Runs) -> list[str]:
    """Return the metrics to draw.

    Of accuracies only top-1 is drawn, of the settings of a probe only the last (k-NN: the largest k), of grids nothing.
    """
    names = list(dict.fromkeys(name for run in runs for name in run['metrics']))
    kept = [
        name
        for name in names
        if not (GRID.search(name) or NOT_TOP1.search(name) or name.removesuffix('_std') in set(names) - {name})
    ]
    for pattern in SWEEPS:
        for members in sweeps(kept, pattern).values():
            last = max(members, key=lambda name: members[name])
            kept = [name for name in kept if name == last or name not in members]
    return kept


def orders_in(runs: Runs) -> list[str]:
    """Return the orders by which images were removed or units were pruned."""
    return [order for order in ORDER_NAMES if any(run['order'] == order for run in runs)]
