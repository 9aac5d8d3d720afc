"""Plots for reports: functions of plain arrays and a path that write one PNG each.

They use matplotlib's objects instead of pyplot, so figures share no state and need no display.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

DPI = 120
STYLE: dict[Any, Any] = {
    'font.size': 10,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.edgecolor': '#888',
    'axes.grid': True,
    'grid.color': '#e6e6e6',
    'axes.axisbelow': True,
    'legend.frameon': False,
    'axes.titlesize': 10.5,
    'axes.titleweight': 'bold',
    'axes.titlelocation': 'left',
}
BESIDE: dict[str, Any] = dict(loc='upper left', bbox_to_anchor=(1.01, 1), fontsize=8.5)  # a legend beside its axes
LEVELS = ('--', ':', '-.')
LABELLED_BARS = 20  # more have no room for their values
SLANTED_NAMES = 15  # more names below an axis are vertical
AXIS_CHARACTERS = 60  # more do not fit side by side below an axis


class Line(NamedTuple):
    """Curve of a panel.

    Attributes:
        x: Horizontal values ``[P]``.
        y: Vertical values ``[P]``.
        label: Name in the legend; '' leaves it out.
        style: Options of ``Axes.plot``.
        std: Standard deviations ``[P]``, drawn as a band; None for no band.
    """

    x: Any
    y: Any
    label: str
    style: dict[str, Any]
    std: Any = None


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


class Panel(NamedTuple):
    """Curves on the same axes.

    Attributes:
        lines: Curves.
        xlabel: Label of the horizontal axis.
        ylabel: Label of the vertical axis.
        title: Title above the axes.
        axes: Options of ``Axes.set``.
        legend: Options of ``Axes.legend``.
    """

    lines: Sequence[Line]
    xlabel: str
    ylabel: str
    title: str = ''
    axes: dict[str, Any] = {}
    legend: dict[str, Any] = dict(loc='best')


def level(x: Any, value: float, label: str, **style: Any) -> Line:
    """Return a horizontal line over the range of ``x``, dashed unless ``style`` has another ``linestyle``."""
    return Line([min(x), max(x)], [value, value], label, dict(linestyle='--', linewidth=1.3) | style)


def literal(text: str) -> str:
    """Escape dollar signs, which would start a formula in matplotlib."""
    return text.replace('$', r'\$')


def smooth(values: Any, window: int) -> np.ndarray[Any, Any]:
    """Return the mean over at most ``window`` values around each of ``values [P]``; fewer at both ends."""
    kernel = np.ones(min(window, len(values)))
    return np.convolve(values, kernel, 'same') / np.convolve(np.ones(len(values)), kernel, 'same')


def line_panels(
    path: Path | str | IO[bytes],
    panels: Sequence[Panel],
    columns: int = 1,
    size: tuple[float, float] = (8.0, 3.2),
    shared: bool = True,
) -> None:
    """Draw panels row by row.

    Args:
        path: PNG file to write.
        panels: Panels to draw.
        columns: Number of panels in a row.
        size: Width and height of one panel in inches.
        shared: Whether the panels of a row share the y axis, and only the lowest panel of a column has labels.
    """
    rows = -(-len(panels) // columns)
    with rc_context(STYLE):
        figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout='constrained')
        grid = figure.subplots(rows, columns, squeeze=False, sharey='row' if shared else 'none')
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw(axes, panel)
            if shared:
                axes.label_outer(remove_inner_ticks=False)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        figure.align_ylabels()
        figure.savefig(path, dpi=DPI)


def _draw(axes: Axes, panel: Panel) -> None:
    for line in panel.lines:
        (drawn,) = axes.plot(line.x, line.y, label=literal(line.label) or None, **line.style)
        if line.std is not None:
            low, high = np.subtract(line.y, line.std), np.add(line.y, line.std)
            axes.fill_between(line.x, low, high, color=drawn.get_color(), alpha=0.15, linewidth=0)
    if all(np.issubdtype(np.asarray(line.x).dtype, np.integer) for line in panel.lines):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    texts = dict(title=literal(panel.title), xlabel=literal(panel.xlabel), ylabel=literal(panel.ylabel))
    axes.set(**texts, **_literal_ticks(panel.axes))
    if 'xticks' in panel.axes:
        axes.minorticks_off()
    if 'xticklabels' in panel.axes:
        for text in axes.get_xticklabels():
            text.set(**_slant(panel.axes['xticklabels']))
    if sum(bool(line.label) for line in panel.lines) > 1:
        axes.legend(**panel.legend)


def _literal_ticks(options: dict[str, Any]) -> dict[str, Any]:
    """Escape the tick labels among options of ``Axes.set``."""
    return {name: [*map(literal, value)] if name == 'xticklabels' else value for name, value in options.items()}


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
    values = np.array([bars.values for bars in series])
    known = ~np.isnan(values)
    width = 0.8 / np.maximum(known.sum(axis=0), 1)  # the bars of a group share its room
    x = np.arange(len(groups)) + (known.cumsum(axis=0) - (known.sum(axis=0) + 1) / 2) * width
    with rc_context(STYLE):
        figure = Figure(figsize=size, layout='constrained')
        axes = figure.subplots()
        for place, bars in enumerate(series):
            style: dict[str, Any] = dict(
                label=literal(bars.label), color=bars.color, edgecolor='white', linewidth=0.5, ecolor='#333'
            )
            drawn = axes.bar(x[place], values[place], width, yerr=bars.std, **style)
            if known.sum(axis=0).max() * len(groups) <= LABELLED_BARS:
                texts = [
                    f'{value:.{digits}f}' if there else ''
                    for value, there in zip(values[place], known[place], strict=True)
                ]
                axes.bar_label(drawn, texts, padding=2, fontsize=7.5)
        axes.grid(visible=False, axis='x')
        for number, (label, value) in enumerate(levels.items()):
            axes.axhline(
                value, label=literal(label), color='#1d2129', linewidth=1.3, linestyle=LEVELS[number % len(LEVELS)]
            )
        axes.set(title=literal(title), ylabel=literal(ylabel))
        axes.margins(x=0.01)
        names = [bars.label for bars in series] + list(levels)
        room = AXIS_CHARACTERS - max(map(len, names), default=0) if len(names) > 1 else AXIS_CHARACTERS
        axes.set_xticks(range(len(groups)), [*map(literal, groups)], **_slant(groups, room))
        if len(names) > 1:
            axes.legend(**BESIDE)
        figure.savefig(path, dpi=DPI)


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


def _slant(names: Sequence[str], room: int = AXIS_CHARACTERS) -> dict[str, Any]:
    """Return the text options with which names below an axis, with room for so many characters, do not overlap."""
    if len(names) > SLANTED_NAMES:
        return dict(rotation=90, fontsize=8)
    return dict(rotation=35, ha='right') if sum(map(len, names)) > room else {}
