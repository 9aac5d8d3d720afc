"""Runs of the experiments that follow scores: encoders trained without images, or pruned, and evaluated."""

from collections.abc import Sequence
from typing import Any

import torch

from sslreg.memorization.statistics import mean_and_std
from sslreg.reports.metric_plots import GRID, NOT_TOP1, SWEEPS, sweeps

Runs = Sequence[dict[str, Any]]  # each with what was done, 'seed' and 'metrics'
ORDER_NAMES = dict(most='most memorised', random='random', least='least memorised')


def averaged(runs: Runs, metric: str, **what: Any) -> dict[str, float]:
    """Mean of a metric over the runs in which ``what`` was done and, of several, standard deviation; {} of none."""
    values = [
        run['metrics'][metric]
        for run in runs
        if metric in run['metrics'] and all(run.get(key) == value for key, value in what.items())
    ]
    return mean_and_std(torch.tensor(values, dtype=torch.float64)) if values else {}


def shown_metrics(runs: Runs) -> list[str]:
    """Metrics to draw: of accuracies top-1, of a probe's settings the last (of k-NN the largest k), no grids."""
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
    """Orders by which something was taken away."""
    return [order for order in ORDER_NAMES if any(run['order'] == order for run in runs)]
