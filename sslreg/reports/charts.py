"""Bar charts and matrices for reports."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .plots import AXIS_CHARACTERS, BESIDE, DPI, STYLE, literal, slant

LEVEL_STYLES = ('--', ':', '-.')
LABELLED_BARS = 20  # more have no room for their values


class Bars(NamedTuple):
    """One bar in each of G groups.

    Attributes:
        values: Heights ``[G]``; nan for no bar.
        label: Name in the legend.
        color: Colour of the bars.
        std: Standard deviations ``[G]``, drawn as error bars; None for no error bars.
    """

    values: Any
    label: str
    color: str
    std: Any = None


def bar_chart(
    path: Path | str | IO[bytes],
    groups: Sequence[str],
    series: Sequence[Bars],
    ylabel: str,
    size: tuple[float, float] = (8.0, 3.4),
    digits: int = 1,
    title: str = '',
    levels: Mapping[str, float] = {},
) -> None:
    """Draw groups of bars side by side.

    Args:
        path: PNG file to write.
        groups: Names of the G groups.
        series: Bars, one per group in each series.
        ylabel: Label of the values.
        size: Width and height in inches.
        digits: Decimal places of the values at the bars.
        title: Title of the plot.
        levels: Reference values by name, drawn as dashed lines.
    """
    names = [bars.label for bars in series] + list(levels)
    with rc_context(STYLE):
        figure = Figure(figsize=size, layout='constrained')
        axes = figure.subplots()
        _draw_bars(axes, series, digits)
        axes.grid(visible=False, axis='x')
        for number, (label, value) in enumerate(levels.items()):
            style = LEVEL_STYLES[number % len(LEVEL_STYLES)]
            axes.axhline(value, label=literal(label), color='#1d2129', linewidth=1.3, linestyle=style)
        axes.set(title=literal(title), ylabel=literal(ylabel))
        axes.margins(x=0.01)
        room = AXIS_CHARACTERS
        if len(names) > 1:
            axes.legend(**BESIDE)
            room -= max(map(len, names)) // 2  # its type is smaller
        axes.set_xticks(range(len(groups)), [*map(literal, groups)], **slant(groups, room))
        figure.savefig(path, dpi=DPI)


def _draw_bars(axes: Axes, series: Sequence[Bars], digits: int) -> None:
    """Draw the bars of all groups; in each group, existing bars share the room."""
    values = np.array([bars.values for bars in series])
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    width = 0.8 / np.maximum(counts, 1)
    x = np.arange(values.shape[1]) + (known.cumsum(axis=0) - (counts + 1) / 2) * width
    style: dict[str, Any] = dict(edgecolor='white', linewidth=0.5, ecolor='#333')
    for place, bars in enumerate(series):
        drawn = axes.bar(
            x[place], values[place], width, yerr=bars.std, label=literal(bars.label), color=bars.color, **style
        )
        if counts.max() * values.shape[1] <= LABELLED_BARS:
            texts = ['' if np.isnan(value) else f'{value:.{digits}f}' for value in values[place]]
            axes.bar_label(drawn, texts, padding=2, fontsize=7.5)


def matrix(path: Path | str | IO[bytes], names: Sequence[str], values: Any, label: str) -> None:
    """Draw a square of percentages, higher values darker.

    Args:
        path: PNG file to write.
        names: Names of the G rows and columns.
        values: Percentages ``[G, G]``; nan for unknown values.
        label: Label of the colour bar.
    """
    shares = np.asarray(values, dtype=float)
    side = 1.6 + 0.75 * len(names)
    with rc_context(STYLE):
        figure = Figure(figsize=(side + 1.4, side), layout='constrained')
        axes = figure.subplots()
        drawn = axes.imshow(shares, cmap='Blues', vmin=0, vmax=100)
        for (row, column), value in np.ndenumerate(shares):
            text = 'n/a' if np.isnan(value) else f'{value:.0f}'
            axes.text(column, row, text, ha='center', va='center', color='white' if value > 55 else '#1d2129')
        ticks = [*map(literal, names)]
        axes.set_xticks(range(len(names)), ticks, rotation=35, ha='right')
        axes.set_yticks(range(len(names)), ticks)
        axes.grid(visible=False)
        figure.colorbar(drawn, ax=axes, label=label, shrink=0.8)
        figure.savefig(path, dpi=DPI)
