"""Tables of networks that were evaluated under several conditions."""

from collections.abc import Callable, Sequence
from statistics import fmean, stdev

from sslreg.evaluation.tables import ResultTable, main_metrics

from .benchmarked import Run, own
from .ranking import NONE


def of_runs(title: str, name: str, runs: Sequence[Run], level: Callable[[Run], str]) -> ResultTable:
    """The metrics of one benchmark: mean and standard deviation over seeds, and differences from random.

    A row for each order at each level; behind those by scores by how much their mean differs from that of the random
    ones at the same level.

    Args:
        title: Of the table.
        name: Of the benchmark.
        runs: In the order of the rows.
        level: How much was taken away, in words.
    """
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run['order'], '' if run['order'] == NONE else level(run)), []).append(run)
    names = shown(list(own(runs[0]['metrics'], name)))
    values = {
        key: [[run['metrics'][f'{name}/{metric}'] for run in group] for metric in names]
        for key, group in groups.items()
    }
    rows: dict[str, list[str]] = {}
    for (order, at), found in values.items():
        rows[f'{order} {at}'.rstrip()] = [spread(each) for each in found]
        random = values.get(('random', at))
        if random and order not in ('random', NONE):
            pairs = zip(found, random, strict=True)
            rows[f'{order} {at} - random'] = [f'{fmean(a) - fmean(b):+.2f}' for a, b in pairs]
    return ResultTable(title, [metric.replace('/', '\n') for metric in names], rows)


def shown(metrics: Sequence[str]) -> list[str]:
    """Metrics for a terminal: without ``top5`` beside ``top1``, and not each head of a grid nor each class."""
    kept = [name for name in metrics if name.removesuffix('top5') + 'top1' not in metrics or not name.endswith('top5')]
    return main_metrics(kept, set())


def spread(values: Sequence[float]) -> str:
    return f'{fmean(values):.2f}' + (f' ± {stdev(values):.2f}' if len(values) > 1 else '')
