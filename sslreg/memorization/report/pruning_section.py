"""Accuracy of an encoder without the units that memorise most (arXiv 2409.19069)."""

import math
from pathlib import Path

from sslreg.memorization.experiments.ranking import NONE
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.tables import plus_minus
from sslreg.reports.page import boxed, folded, paragraphs, picture, table
from sslreg.reports.plots import Bars, bar_chart

from .run_averages import ORDER_NAMES, Runs, averaged, orders_in, shown_metrics
from .style import ORDERS, Part, Png

UNPRUNED = 'whole network'
PER = dict(layer='per layer', network='overall')
Groups = dict[str, dict[str, dict[str, float]]]  # mean and std by what was pruned and order


def pruning(study: ScoredStudy, png: Png) -> Part | None:
    """A picture for each metric; nothing where nothing was pruned."""
    kept = study.kept('pruning.json', 'prune')
    if kept is None:
        return None
    found = {metric: groups(kept['runs'], metric) for metric in shown_metrics(kept['runs'])}
    pictures = [_picture(png(f'pruning_{place}'), *each) for place, each in enumerate(found.items(), start=1)]
    text = (
        'Accuracy after a share of the units, of each layer or of all, were set to 0: those that memorise most by '
        f'UnitMem, those that memorise least, or as many drawn at random. Layers: {", ".join(kept["layers"])}. Thin '
        'lines on bars and ± are the standard deviation of several draws.'
    )
    tables = [boxed('results', table(_rows(metric, each))) for metric, each in found.items()]
    body = ''.join(pictures) + paragraphs(text) + folded('In numbers', *tables)
    return Part('Without the units that memorise most', body, dict(pruning=found))


def groups(runs: Runs, metric: str) -> Groups:
    """First the whole network, then by share and by whether it is one of each layer or of all units."""
    done = sorted({(run['per'], run['share']) for run in runs if run['order'] != NONE})
    found = {UNPRUNED: {NONE: averaged(runs, metric, order=NONE)}}
    for per, share in done:
        values = {order: averaged(runs, metric, order=order, per=per, share=share) for order in orders_in(runs)}
        found[f'{100 * share:g} % {PER[per]}'] = values
    return {name: {order: each for order, each in values.items() if each} for name, values in found.items()}


def _picture(path: Path, metric: str, found: Groups) -> str:
    pruned = {name: values for name, values in found.items() if name != UNPRUNED}
    orders = [order for order in ORDER_NAMES if any(order in values for values in pruned.values())]
    series = [
        Bars(
            [values.get(order, {}).get('mean', math.nan) for values in pruned.values()],
            ORDER_NAMES[order],
            ORDERS[order]['color'],
            [values.get(order, {}).get('std', 0) for values in pruned.values()],
        )
        for order in orders
    ]
    whole = found[UNPRUNED].get(NONE)
    levels = {UNPRUNED: whole['mean']} if whole else {}
    bar_chart(path, list(pruned), series, 'in %', size=(8.4, 3.0), title=metric, levels=levels)
    return picture(path, f'{metric} after pruning')


def _rows(metric: str, found: Groups) -> list[list[str]]:
    orders = [order for order in ORDER_NAMES if any(order in values for values in found.values())]
    rows = [[metric, *(ORDER_NAMES[order] for order in orders)]]
    for name, values in found.items():
        each = values | dict.fromkeys(orders, values[NONE]) if NONE in values else values
        rows.append([name, *(plus_minus(each[order], 2) if order in each else '' for order in orders)])
    return rows
