"""Section on encoders trained without the most memorised candidates (arXiv 2401.12233, section 4)."""

from collections.abc import Sequence
from typing import Any

from sslreg.memorization.experiments.ranking import NONE
from sslreg.memorization.experiments.records import ConditionRun
from sslreg.memorization.experiments.removal import RemovalCondition
from sslreg.memorization.score_statistics import MeanStd, to_json
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.table_rows import plus_minus
from sslreg.reports.page import Block, Image, Section, Table
from sslreg.reports.plots import Line, Panel, line_panels

from .run_averages import ORDER_NAMES, averaged, orders_in, plotted_metrics
from .style import ORDER_STYLES, PngPath

RemovedRun = ConditionRun[RemovalCondition]
RemovalCurves = dict[str, dict[int, MeanStd]]  # by order and number removed


def removal_section(study: ScoredStudy, png: PngPath) -> Section | None:
    """Draw one panel per metric with one curve per order; None if no images were removed."""
    kept = study.removal
    if kept is None:
        return None
    found = {metric: removal_curves(kept.runs, metric) for metric in plotted_metrics(kept.runs)}
    path, columns = png('removal'), min(2, len(found))
    panels = [_panel(metric, each) for metric, each in found.items()]
    line_panels(path, panels, columns, size=(8.4 / columns, 3.3), shared=False)
    text = (
        'Accuracy of encoders trained again without the most memorised images, without the least memorised images or '
        'without equally many random images; at 0 no image is removed. Bands and ± are the standard deviation over '
        'seeds.'
    )
    tables = [Table(_rows(metric, each)) for metric, each in found.items()]
    picture = Image.read(path, 'Accuracy against the number of images removed')
    content: list[Block] = [picture, text, Section('In numbers', tables, collapsed=True)]
    figures = {metric: _figures(each) for metric, each in found.items()}
    return Section('Trained without the most memorised images', content, figures=dict(removal=figures))


def removal_curves(runs: Sequence[RemovedRun], metric: str) -> RemovalCurves:
    """Return the curve of each order; all curves start at the training on all images."""
    numbers = sorted({run.condition.number for run in runs if run.condition.order != NONE})
    start = averaged(runs, metric, order=NONE)
    found = {
        order: {0: start} | {number: averaged(runs, metric, order=order, number=number) for number in numbers}
        for order in orders_in(runs)
    }
    return {
        order: {number: each for number, each in values.items() if each is not None} for order, values in found.items()
    }


def _figures(found: RemovalCurves) -> dict[str, Any]:
    """Return the curves for ``report.json``."""
    return {order: {number: to_json(each) for number, each in values.items()} for order, values in found.items()}


def _panel(metric: str, found: RemovalCurves) -> Panel:
    """Draw one curve per order."""
    lines = [
        Line(
            [float(number) for number in values],
            [each.mean for each in values.values()],
            ORDER_NAMES[order],
            dict(linewidth=2, markersize=4.5) | ORDER_STYLES[order],
            [each.std or 0 for each in values.values()],
        )
        for order, values in found.items()
    ]
    return Panel(lines, 'images removed', 'in %', metric, legend=dict(loc='best', fontsize=8.5))


def _rows(metric: str, found: RemovalCurves) -> list[list[str]]:
    """Return the rows of a table by number of removed images."""
    numbers = sorted({number for values in found.values() for number in values})
    rows = [[f'{metric}, removed', *(ORDER_NAMES[order] for order in found)]]
    for number in numbers:
        cells = [plus_minus(values[number], 2) if number in values else '' for values in found.values()]
        rows.append([str(number), *cells])
    return rows
