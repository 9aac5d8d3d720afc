"""Plots of the metrics of a benchmark, chosen by the kinds of metrics it has."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sslreg.evaluation.results import Metrics
from sslreg.evaluation.tables import COUNT, GROUP, Comparison, main_metrics

from .page import Image
from .plots import BESIDE, Bars, Line, Panel, bar_chart, level, line_panels

SWEEPS = {  # a setting's place in a metric's name, and what it is
    re.compile(r'^(?P<probe>.+)/k(?P<value>\d+)/top1$'): 'neighbours k',
    re.compile(r'^(?P<probe>.+)/lambda(?P<value>[^/]+)/top1$'): 'penalty lambda',
}
GRID = re.compile(r'^(?P<probe>.+)/(?P<optimizer>sgd|lars)-lr(?P<value>.+)-wd(?P<decay>[^/]+)/top1$')
CHOSEN = {'best': ':', 'selected': '--'}  # heads of a grid, by test images and by images held out; their lines
NOT_TOP1 = re.compile(r'/top[^1/][^/]*$')

MODEL_COLOURS = ('#177e73', '#2468b4', '#d9771a', '#8a4fa8', '#b3261e', '#5a8f29', '#b08d57', '#3b3f46')
PAPER_COLOURS = ('#b9bec6', '#9fc3e6', '#f2c594', '#cdb4db', '#e6a8a3', '#a9d6b5', '#d8cba8', '#8f98a3')
SIZE = (8.6, 3.4)  # inches


def metric_plots(comparison: Comparison) -> Iterator[Image]:
    """Yield curves over settings, bars over attacks, clips or difficulties, and bars of the other metrics."""
    columns, num_models = comparison.columns, len(comparison.models)
    drawn: set[str] = set()
    for pattern, xlabel in SWEEPS.items():
        for probe, members in sweeps(comparison.names, pattern).items():
            yield _curves(comparison, members, probe, xlabel)
            drawn |= set(members)
    for probe, members in sweeps(comparison.names, GRID).items():
        yield _grid(comparison, members, probe)
        drawn |= {*members, *_chosen(probe)}
    for measure, groups in grouped(comparison).items():
        yield bars(columns, num_models, groups, f'{measure} in %')
    rest = [name for name in comparison.names if name not in drawn and not GROUP.search(name)]
    rest = [name for name in main_metrics(rest, set()) if not (COUNT.search(name) or NOT_TOP1.search(name))]
    if rest and len(columns) > 1:
        yield bars(columns, num_models, {name: name for name in rest}, 'in %')


def sweeps(names: Sequence[str], pattern: re.Pattern[str]) -> dict[str, dict[str, float]]:
    """Return, by probe, the metrics that differ in one setting with the value of the setting."""
    found: dict[str, dict[str, float]] = {}
    for name in names:
        if match := pattern.search(name):
            found.setdefault(match['probe'], {})[name] = float(match['value'])
    return {probe: members for probe, members in found.items() if len(set(members.values())) > 1}


def grouped(comparison: Comparison) -> dict[str, dict[str, str]]:
    """Return, by measure, the metrics of attacks, clips or difficulties with the names of these.

    Only the measures that papers report are returned, or the first measure if papers report none.
    """
    found: dict[str, dict[str, str]] = {}
    for name in comparison.names:
        if (match := GROUP.search(name)) and not COUNT.search(name):
            found.setdefault(match[2], {})[name] = match[1]
    found = {measure: groups for measure, groups in found.items() if len(groups) > 1}
    chosen = [measure for measure, groups in found.items() if comparison.reported & set(groups)] or list(found)[:1]
    return {measure: found[measure] for measure in chosen}


def _curves(comparison: Comparison, members: Mapping[str, float], probe: str, xlabel: str) -> Image:
    """Draw one line per model over the setting; a paper's figure for a single setting is a point."""
    colours = palette(comparison.columns, len(comparison.models))
    lines = [
        line(metrics, members, label, colours[label])
        for label, metrics in comparison.columns.items()
        if metrics.keys() & members
    ]
    ticks = sorted(set(members.values()))
    axes = dict(xscale='log', xticks=ticks, xticklabels=[f'{tick:g}' for tick in ticks])
    return _image([Panel(lines, xlabel, 'top-1 accuracy in %', probe, axes, BESIDE)], probe)


def _grid(comparison: Comparison, members: Mapping[str, float], probe: str) -> Image:
    """Draw one panel per model with a grid: accuracy over the learning rate by optimizer and weight decay."""
    panels = []
    for model, outcome in comparison.models.items():
        if lines := _heads(outcome.metrics, members):
            lines += _levels(comparison, outcome.metrics, probe, list(members.values()))
            axes = dict(xscale='log')
            title = f'{model}: {probe}'
            panels.append(Panel(lines, 'learning rate for a batch of 256', 'top-1 accuracy in %', title, axes, BESIDE))
    return _image(panels, probe)


def _chosen(probe: str) -> dict[str, str]:
    return {f'{probe}/{head}/top1': head for head in CHOSEN}


def _levels(comparison: Comparison, metrics: Metrics, probe: str, rates: Sequence[float]) -> Iterator[Line]:
    """Yield horizontal lines at the accuracies of the chosen heads, of papers and of the model."""
    colours = palette(comparison.columns, len(comparison.models))
    for name, head in _chosen(probe).items():
        for paper, theirs in comparison.papers.items():
            if name in theirs:
                yield level(rates, theirs[name], paper, color=colours[paper])
        if name in metrics:
            yield level(rates, metrics[name], head, color='#1d2129', linestyle=CHOSEN[head])


def _heads(metrics: Metrics, members: Mapping[str, float]) -> list[Line]:
    series: dict[str, dict[str, float]] = {}
    for name, rate in members.items():
        if name in metrics and (match := GRID.search(name)):
            series.setdefault(f'{match["optimizer"]}, weight decay {match["decay"]}', {})[name] = rate
    return [
        line(metrics, rates, label, MODEL_COLOURS[number % len(MODEL_COLOURS)])
        for number, (label, rates) in enumerate(series.items())
    ]


def line(metrics: Metrics, members: Mapping[str, float], label: str, colour: str) -> Line:
    """Draw a line through the metrics of a model over their settings."""
    names = sorted(metrics.keys() & members, key=lambda name: members[name])
    x, y = [members[name] for name in names], [metrics[name] for name in names]
    marker = dict(marker='D', markersize=7, linestyle='') if len(names) == 1 else dict(marker='o', markersize=4.5)
    return Line(x, y, label, dict(color=colour, linewidth=2) | marker, _std(metrics, names))


def _std(metrics: Metrics, names: Sequence[str]) -> list[float] | None:
    """Return the standard deviations, nan for unknown ones; None if all are unknown."""
    found = [metrics.get(f'{name}_std', np.nan) for name in names]
    return None if np.isnan(found).all() else found


def bars(columns: Mapping[str, Metrics], num_models: int, labels: Mapping[str, str], ylabel: str) -> Image:
    """Draw a group of bars for each metric, with a bar for each model and paper that has any of them.

    Args:
        columns: Metrics of models, then of papers.
        num_models: Number of models.
        labels: Labels of the metrics by name.
        ylabel: Label of the values.
    """
    colours = palette(columns, num_models)
    series = [
        Bars([metrics.get(name, np.nan) for name in labels], label, colours[label], _std(metrics, list(labels)))
        for label, metrics in columns.items()
        if metrics.keys() & labels
    ]
    png = io.BytesIO()
    bar_chart(png, list(labels.values()), series, ylabel, size=SIZE)
    return Image(png.getvalue(), ylabel)


def palette(labels: Mapping[str, Any], num_models: int) -> dict[str, str]:
    """Return strong colours for models and pale ones for papers."""
    return {
        label: MODEL_COLOURS[place % len(MODEL_COLOURS)]
        if place < num_models
        else PAPER_COLOURS[(place - num_models) % len(PAPER_COLOURS)]
        for place, label in enumerate(labels)
    }


def _image(panels: Sequence[Panel], text: str) -> Image:
    png = io.BytesIO()
    line_panels(png, panels, size=SIZE)
    return Image(png.getvalue(), text)
