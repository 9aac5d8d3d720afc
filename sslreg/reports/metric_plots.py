"""Plots of the metrics of a benchmark, chosen by the kinds of metrics it has."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sslreg.evaluation import Metric, Metrics
from sslreg.evaluation.tables import Comparison, main_metrics

from .charts import Bars, bar_chart
from .page import Image
from .plots import BESIDE, Line, Panel, level, line_panels

PARAMETERS = {'k': 'neighbours k', 'lambda': 'penalty lambda'}  # labels of axes
MEASURES = {'top1': 'top-1 accuracy'}
SELECTED_HEADS = {'best': ':', 'selected': '--'}  # heads of a grid chosen by test or held-out images: line styles

MODEL_COLOURS = ('#177e73', '#2468b4', '#d9771a', '#8a4fa8', '#b3261e', '#5a8f29', '#b08d57', '#3b3f46')
PAPER_COLOURS = ('#b9bec6', '#9fc3e6', '#f2c594', '#cdb4db', '#e6a8a3', '#a9d6b5', '#d8cba8', '#8f98a3')
SIZE = (8.6, 3.4)  # inches


def metric_plots(comparison: Comparison) -> Iterator[Image]:
    """Yield curves over settings, bars over attacks, clips or difficulties, and bars of all other metrics."""
    columns, num_models = comparison.columns, len(comparison.models)
    drawn: set[Metric] = set()
    for sweep in sweeps(comparison.metrics):
        yield _curves(comparison, sweep)
        drawn |= set(sweep)
    for grid in grids(comparison.metrics):
        yield _grid(comparison, grid)
        drawn |= {*grid, *_selected(grid[0])}
    for measure, groups in grouped(comparison).items():
        yield bars(columns, num_models, groups, f'{measure} in %')
    rest = [metric for metric in comparison.metrics if metric not in drawn and not metric.group]
    rest = [metric for metric in main_metrics(rest, set()) if metric.role == 'main' and not metric.is_count]
    if rest and len(columns) > 1:
        yield bars(columns, num_models, {metric: metric for metric in rest}, 'in %')


def sweeps(metrics: Sequence[Metric]) -> list[list[Metric]]:
    """Return the groups of metrics that differ in one numeric parameter of the probe, with at least two values."""
    found: dict[tuple[str, str, str], list[Metric]] = {}
    for metric in metrics:
        if metric.role == 'main' and len(metric.parameters) == 1:
            (parameter,) = metric.parameters
            found.setdefault((parameter, metric.source, metric.measure), []).append(metric)
    return [members for members in found.values() if len({sweep_value(metric) for metric in members}) > 1]


def sweep_value(metric: Metric) -> float:
    """Return the value of the parameter that a sweep varies."""
    (value,) = metric.parameters.values()
    return float(value)


def grids(metrics: Sequence[Metric]) -> list[list[Metric]]:
    """Return the top-1 accuracies of the heads of each linear probe's grid with at least two learning rates."""
    found: dict[str, list[Metric]] = {}
    for metric in metrics:
        if metric.measure == 'top1' and {'optimizer', 'lr', 'weight_decay'} <= set(metric.parameters):
            found.setdefault(metric.source, []).append(metric)
    return [members for members in found.values() if len({_rate(metric) for metric in members}) > 1]


def _rate(metric: Metric) -> float:
    return float(metric.parameters['lr'])


def grouped(comparison: Comparison) -> dict[str, dict[Metric, str]]:
    """Return the attacks, clips or difficulties by metric, for each measure that has several.

    Only measures that papers report are returned, or else the first measure.
    """
    found: dict[str, dict[Metric, str]] = {}
    for metric in comparison.metrics:
        if metric.group and not metric.is_count:
            found.setdefault(metric.measure, {})[metric] = metric.group
    found = {measure: groups for measure, groups in found.items() if len(groups) > 1}
    chosen = [measure for measure, groups in found.items() if comparison.reported & set(groups)] or list(found)[:1]
    return {measure: found[measure] for measure in chosen}


def _curves(comparison: Comparison, sweep: Sequence[Metric]) -> Image:
    """Draw a line for each model over the parameter; a paper's value of one setting is a point."""
    colours = palette(comparison.columns, len(comparison.models))
    lines = [
        line(metrics, {metric: sweep_value(metric) for metric in sweep}, label, colours[label])
        for label, metrics in comparison.columns.items()
        if metrics.keys() & set(sweep)
    ]
    (parameter,), source = sweep[0].parameters, sweep[0].source
    ticks = sorted({sweep_value(metric) for metric in sweep})
    axes = dict(xscale='log', xticks=ticks, xticklabels=[f'{tick:g}' for tick in ticks])
    ylabel = f'{MEASURES.get(sweep[0].measure, sweep[0].measure)} in %'
    return _image([Panel(lines, PARAMETERS.get(parameter, parameter), ylabel, source, axes, BESIDE)], source)


def _grid(comparison: Comparison, grid: Sequence[Metric]) -> Image:
    """Draw a panel for each model with a grid: accuracy over the learning rate by optimizer and weight decay."""
    panels, source = [], grid[0].source
    for model, outcome in comparison.models.items():
        if lines := _heads(outcome.metrics, grid):
            lines += _levels(comparison, outcome.metrics, grid)
            axes = dict(xscale='log')
            title = f'{model}: {source}'
            panels.append(Panel(lines, 'learning rate for a batch of 256', 'top-1 accuracy in %', title, axes, BESIDE))
    return _image(panels, source)


def _selected(head: Metric) -> dict[Metric, str]:
    """Return the metrics of the heads that were selected from the grid of a head, with their settings."""
    return {head.copy_with(setting=name, parameters={}, role='main'): name for name in SELECTED_HEADS}


def _levels(comparison: Comparison, metrics: Metrics, grid: Sequence[Metric]) -> Iterator[Line]:
    """Yield levels of the selected heads in papers and of a model."""
    rates = [_rate(metric) for metric in grid]
    colours = palette(comparison.columns, len(comparison.models))
    for metric, head in _selected(grid[0]).items():
        for paper, theirs in comparison.papers.items():
            if metric in theirs:
                yield level(rates, theirs[metric], paper, color=colours[paper])
        if metric in metrics:
            yield level(rates, metrics[metric], head, color='#1d2129', linestyle=SELECTED_HEADS[head])


def _heads(metrics: Metrics, grid: Sequence[Metric]) -> list[Line]:
    """Return a line over the learning rate for each optimizer and weight decay."""
    series: dict[str, dict[Metric, float]] = {}
    for metric in grid:
        if metric in metrics:
            label = f'{metric.parameters["optimizer"]}, weight decay {metric.parameters["weight_decay"]:g}'
            series.setdefault(label, {})[metric] = _rate(metric)
    return [
        line(metrics, rates, label, MODEL_COLOURS[number % len(MODEL_COLOURS)])
        for number, (label, rates) in enumerate(series.items())
    ]


def line(metrics: Metrics, members: Mapping[Metric, float], label: str, colour: str) -> Line:
    """Return a line through the members that a model or paper has, by their parameter."""
    known = sorted(metrics.keys() & members, key=lambda metric: members[metric])
    x, y = [members[metric] for metric in known], [metrics[metric] for metric in known]
    marker = dict(marker='D', markersize=7, linestyle='') if len(known) == 1 else dict(marker='o', markersize=4.5)
    return Line(x, y, label, dict(color=colour, linewidth=2) | marker, _std(metrics, known))


def _std(metrics: Metrics, members: Sequence[Metric]) -> list[float] | None:
    """Return standard deviations, nan for missing ones; None if all are missing."""
    found = [metrics.get(metric.deviation, np.nan) for metric in members]
    return None if np.isnan(found).all() else found


def bars(columns: Mapping[str, Metrics], num_models: int, labels: Mapping[Metric, str], ylabel: str) -> Image:
    """Draw a group for each metric, in it a bar for each model and paper that has any of them.

    Args:
        columns: Metrics of models, then of papers.
        num_models: Number of models.
        labels: Labels of the metrics.
        ylabel: Label of their values.
    """
    colours = palette(columns, num_models)
    series = [
        Bars([metrics.get(metric, np.nan) for metric in labels], label, colours[label], _std(metrics, list(labels)))
        for label, metrics in columns.items()
        if metrics.keys() & labels
    ]
    png = io.BytesIO()
    bar_chart(png, list(labels.values()), series, ylabel, size=SIZE)
    return Image(png.getvalue(), ylabel)


def palette(labels: Mapping[str, Any], num_models: int) -> dict[str, str]:
    """Return strong colours for models, pale ones for papers."""
    return {
        label: MODEL_COLOURS[number % len(MODEL_COLOURS)]
        if number < num_models
        else PAPER_COLOURS[(number - num_models) % len(PAPER_COLOURS)]
        for number, label in enumerate(labels)
    }


def _image(panels: Sequence[Panel], text: str) -> Image:
    png = io.BytesIO()
    line_panels(png, panels, size=SIZE)
    return Image(png.getvalue(), text)
