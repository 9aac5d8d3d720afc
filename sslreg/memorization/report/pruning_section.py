"""Section on encoders without the units that memorise most (arXiv 2409.19069)."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sslreg.memorization.experiments.pruning import PruningCondition
from sslreg.memorization.experiments.ranking import NONE
from sslreg.memorization.experiments.records import ConditionRun
from sslreg.memorization.score_statistics import MeanStd, to_json
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.table_rows import plus_minus
from sslreg.reports.charts import Bars, bar_chart
from sslreg.reports.page import Block, Image, Section, Table

from .run_averages import ORDER_NAMES, averaged, orders_in, plotted_metrics
from .style import ORDER_STYLES, PngPath

UNPRUNED = 'whole network'
PER_NAMES = dict(layer='per layer', network='overall')
PrunedRun = ConditionRun[PruningCondition]
PrunedGroups = dict[str, dict[str, MeanStd]]  # by share (per layer or overall) and order


def pruning_section(study: ScoredStudy, png: PngPath) -> Section | None:
    """Draw one picture per metric; None if nothing was pruned."""
    kept = study.pruning
    if kept is None:
        return None
    found = {metric: pruned_groups(kept.runs, metric) for metric in plotted_metrics(kept.runs)}
    pictures = [_picture(png(f'pruning_{place}'), *each) for place, each in enumerate(found.items(), start=1)]
    text = (
        'Accuracy after a share of the units, per layer or overall, was set to 0: the units with the highest UnitMem, '
        f'those with the lowest, or equally many random units. Layers: {", ".join(kept.layers)}. Error bars and ± are '
        'the standard deviation over random draws.'
    )
    tables = [Table(group_rows(metric, each)) for metric, each in found.items()]
    content: list[Block] = [*pictures, text, Section('In numbers', tables, collapsed=True)]
    figures = {metric: _figures(each) for metric, each in found.items()}
    return Section('Without the units that memorise most', content, figures=dict(pruning=figures))


def pruned_groups(runs: Sequence[PrunedRun], metric: str) -> PrunedGroups:
    """Return the results of the whole network, then of each pruned share, per layer or overall."""
    done = sorted({(each.per, each.share) for each in (run.condition for run in runs) if each.order != NONE})
    found: dict[str, dict[str, MeanStd | None]] = {UNPRUNED: {NONE: averaged(runs, metric, order=NONE)}}
    for per, share in done:
        found[f'{100 * share:g} % {PER_NAMES[per]}'] = {
            order: averaged(runs, metric, order=order, per=per, share=share) for order in orders_in(runs)
        }
    return {name: {order: each for order, each in values.items() if each is not None} for name, values in found.items()}


def _picture(path: Path, metric: str, found: PrunedGroups) -> Image:
    """Draw one bar per order for each share, and a line for the whole network."""
    pruned = {name: values for name, values in found.items() if name != UNPRUNED}
    orders = [order for order in ORDER_NAMES if any(order in values for values in pruned.values())]
    series = [
        Bars(
            [values[order].mean if order in values else math.nan for values in pruned.values()],
            ORDER_NAMES[order],
            ORDER_STYLES[order]['color'],
            [values[order].std or 0 if order in values else 0 for values in pruned.values()],
        )
        for order in orders
    ]
    whole = found[UNPRUNED].get(NONE)
    levels = {UNPRUNED: whole.mean} if whole else {}
    bar_chart(path, list(pruned), series, 'in %', size=(8.4, 3.0), title=metric, levels=levels)
    return Image.read(path, f'{metric} after pruning')


def _figures(found: PrunedGroups) -> dict[str, Any]:
    """Return the groups for ``report.json``."""
    return {name: {order: to_json(each) for order, each in values.items()} for name, values in found.items()}


def group_rows(metric: str, found: PrunedGroups) -> list[list[str]]:
    """Return the rows of a table by share; the whole network has the same value in all orders."""
    orders = [order for order in ORDER_NAMES if any(order in values for values in found.values())]
    rows = [[metric, *(ORDER_NAMES[order] for order in orders)]]
    for name, values in found.items():
        each = values | dict.fromkeys(orders, values[NONE]) if NONE in values else values
        rows.append([name, *(plus_minus(each[order], 2) if order in each else '' for order in orders)])
    return rows
