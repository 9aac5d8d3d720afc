"""Plots for reports: functions of plain arrays and a path that write one PNG each.

They use matplotlib's objects instead of pyplot, so figures share no state and need no display.
"""

from collections.abc import Sequence
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
            text.set(**slant(panel.axes['xticklabels']))
    if sum(bool(line.label) for line in panel.lines) > 1:
        axes.legend(**panel.legend)


def _literal_ticks(options: dict[str, Any]) -> dict[str, Any]:
    """Escape the tick labels among options of ``Axes.set``."""
    return {name: [*map(literal, value)] if name == 'xticklabels' else value for name, value in options.items()}


def slant(names: Sequence[str], room: int = AXIS_CHARACTERS) -> dict[str, Any]:
    """Return the text options with which names below an axis, with room for so many characters, do not overlap."""
    if len(names) > SLANTED_NAMES:
        return dict(rotation=90, fontsize=8)
    return dict(rotation=35, ha='right') if sum(map(len, names)) > room else {}
