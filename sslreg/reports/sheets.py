"""Contact sheets: rows of small pictures in groups of columns, written to one PNG."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from .plots import DPI, literal

SIDE = 0.84  # width of a picture in inches; the following lengths are multiples of it
PITCH_X, PITCH_Y, GROUP_GAP, MARGIN, HEADER = 1.13, 1.36, 0.4, 0.12, 0.4


class Cell(NamedTuple):
    """Picture of a contact sheet.

    Attributes:
        image: Picture ``[H, W, 3]``, uint8, RGB.
        caption: Text below the picture.
        frame: Colour of the frame; None for no frame.
    """

    image: np.ndarray[Any, Any]
    caption: str = ''
    frame: str | None = None


def to_rgb(photograph: Tensor) -> np.ndarray[Any, Any]:
    """Convert a BGR tensor ``[3, H, W]`` to an RGB array ``[H, W, 3]``."""
    return photograph.flip(0).movedim(0, -1).cpu().numpy()


def contact_sheet(
    path: Path | str, groups: Sequence[tuple[str, int]], rows: Sequence[Sequence[Cell]], dpi: int = DPI
) -> None:
    """Draw rows of pictures below the titles of their column groups.

    Args:
        path: PNG file to write.
        groups: Title and number of columns of each group.
        rows: Rows of cells, one cell for each column of the groups.
        dpi: Pixels per inch; a picture is 0.84 inches wide.

    Raises:
        ValueError: The number of cells in a row differs from the number of columns.
    """
    lefts = _lefts([count for _, count in groups])
    if any(len(row) != len(lefts) for row in rows):
        raise ValueError(f'rows of {[len(row) for row in rows]} cells do not fill the {len(lefts)} columns of {groups}')
    bottom = -(len(rows) - 1) * PITCH_Y - (PITCH_Y - 1)
    figure, axes = _canvas(left=-MARGIN, right=lefts[-1] + 1 + MARGIN, bottom=bottom, top=1 + HEADER)
    for index, row in enumerate(rows):
        for left, cell in zip(lefts, row, strict=True):
            _draw(axes, cell, left, -index * PITCH_Y)
    columns = np.cumsum([0] + [count for _, count in groups])
    for (title, _), column in zip(groups, columns[:-1], strict=True):
        axes.text(lefts[column], 1.12, literal(title), size=9.5, weight='bold')
    figure.savefig(path, dpi=dpi)


def _lefts(counts: Sequence[int]) -> list[float]:
    """Return the left edge of every column, with a gap between groups."""
    groups = np.repeat(np.arange(len(counts)), counts)
    return [column * PITCH_X + group * GROUP_GAP for column, group in enumerate(groups.tolist())]


def _canvas(left: float, right: float, bottom: float, top: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(SIDE * (right - left), SIDE * (top - bottom)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(left, right), ylim=(bottom, top), autoscale_on=False)
    axes.set_axis_off()
    return figure, axes


def _draw(axes: Axes, cell: Cell, left: float, bottom: float) -> None:
    axes.imshow(cell.image, extent=(left, left + 1, bottom, bottom + 1), interpolation='bicubic', aspect='auto')
    if cell.frame:
        axes.add_patch(Rectangle((left, bottom), 1, 1, fill=False, edgecolor=cell.frame, linewidth=3))
    axes.text(left + 0.5, bottom - 0.07, literal(cell.caption), size=8, ha='center', va='top')
