"""Plots for reports: functions of plain arrays and a path, each of which writes one PNG.

They use matplotlib's objects rather than pyplot, so nothing is shared between figures and no display is needed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

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


class Line(NamedTuple):
    """A curve: ``x [P]``, ``y [P]``, its name in the legend ('' leaves it out) and matplotlib's options."""

    x: Any
    y: Any
    label: str
    style: dict[str, Any]


class Panel(NamedTuple):
    """Curves that share axes; ``axes`` and ``legend`` go to ``Axes.set`` and ``Axes.legend``."""

    lines: Sequence[Line]
    xlabel: str
    ylabel: str
    title: str = ''
    axes: dict[str, Any] = {}
    legend: dict[str, Any] = dict(loc='best')


def level(x: Any, value: float, label: str, **style: Any) -> Line:
    """A horizontal line over the range of ``x``, dashed unless ``style`` says otherwise."""
    return Line([min(x), max(x)], [value, value], label, dict(linestyle='--', linewidth=1.3) | style)


def smooth(values: Any, window: int) -> np.ndarray[Any, Any]:
    """Mean over at most ``window`` values around each of ``values [P]``; fewer at both ends."""
    kernel = np.ones(min(window, len(values)))
    return np.convolve(values, kernel, 'same') / np.convolve(np.ones(len(values)), kernel, 'same')


def line_panels(
    path: Path | str, panels: Sequence[Panel], columns: int = 1, size: tuple[float, float] = (8.0, 3.2)
) -> None:
    """Draw panels row by row.

    Args:
        path: The PNG to write.
        panels: What to draw.
        columns: Panels in a row; as many share a y axis.
        size: Of one panel in inches.
    """
    rows = -(-len(panels) // columns)
    with rc_context(STYLE):
        figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout='constrained')
        grid = figure.subplots(rows, columns, squeeze=False, sharey='row')
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw(axes, panel)
            axes.label_outer(remove_inner_ticks=False)
        figure.align_ylabels()
        figure.savefig(path, dpi=DPI)


def _draw(axes: Axes, panel: Panel) -> None:
    for line in panel.lines:
        axes.plot(line.x, line.y, label=line.label or None, **line.style)
    if all(np.issubdtype(np.asarray(line.x).dtype, np.integer) for line in panel.lines):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(title=panel.title, xlabel=panel.xlabel, ylabel=panel.ylabel, **panel.axes)
    if sum(bool(line.label) for line in panel.lines) > 1:
        axes.legend(**panel.legend)
