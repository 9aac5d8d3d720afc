"""Section on encoders without the units that memorise most (arXiv 2409.19069)."""

import math
from pathlib import Path

from sslreg.memorization.experiments.ranking import NONE
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.tables import plus_minus
from sslreg.reports.page import Block, Image, Section, Table
from sslreg.reports.plots import Bars, bar_chart

from .run_averages import ORDER_NAMES, Runs, averaged, orders_in, plotted_metrics
from .style import ORDERS, PngPath

UNPRUNED = 'whole network'
PER = dict(layer='per layer', network='overall')
PruningGroups = dict[str, dict[str, dict[str, float]]]  # mean and std by share (per layer or overall) and order


def pruning_section(study: ScoredStudy, png: PngPath) -> Section | None:
    """Draw one picture per metric; None if nothing was pruned."""
    kept = study.kept('pruning.json', 'prune')
    if kept is None:
        return None
    found = {metric: pruning_groups(kept['runs'], metric) for metric in plotted_metrics(kept['runs'])}
    pictures = [_picture(png(f'pruning_{place}'), *each) for place, each in enumerate(found.items(), start=1)]
    text = (
        'Accuracy after a share of the units, of each layer or of all, were set to 0: those that memorise most by '
        f'UnitMem, those that memorise least, or as many drawn at random. Layers: {", ".join(kept["layers"])}. Thin '
        'lines on bars and ± are the standard deviation of several draws.'
    )
    tables = [Table(pruning_rows(metric, each)) for metric, each in found.items()]
    content: list[Block] = [*pictures, text, Section('In numbers', tables, collapsed=True)]
    return Section('Without the units that memorise most', content, figures=dict(pruning=found))


def pruning_groups(runs: Runs, metric: str) -> PruningGroups:
    """Return the results of the whole network, then of each pruned share, per layer or overall."""
    done = sorted({(run['per'], run['share']) for run in runs if run['order'] != NONE})
    found = {UNPRUNED: {NONE: averaged(runs, metric, order=NONE)}}
    for per, share in done:
        values = {order: averaged(runs, metric, order=order, per=per, share=share) for order in orders_in(runs)}
        found[f'{100 * share:g} % {PER[per]}'] = values
    return {name: {order: each for order, each in values.items() if each} for name, values in found.items()}


def _picture(path: Path, metric: str, found: PruningGroups) -> Image:
    """Draw one bar per order for each share, and a line for the whole network."""
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
    return Image.read(path, f'{metric} after pruning')


def pruning_rows(metric: str, found: PruningGroups) -> list[list[str]]:
    """Return the rows of a table by share; the whole network has the same value in all orders."""
    orders = [order for order in ORDER_NAMES if any(order in values for values in found.values())]
    rows = [[metric, *(ORDER_NAMES[order] for order in orders)]]
    for name, values in found.items():
        each = values | dict.fromkeys(orders, values[NONE]) if NONE in values else values
        rows.append([name, *(plus_minus(each[order], 2) if order in each else '' for order in orders)])
    return rows
