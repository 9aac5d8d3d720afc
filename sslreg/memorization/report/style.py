"""Colours, line styles and wording shared by all sections of the page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

PngPath = Callable[[str], Path]  # returns the file of a picture by its name

# The same colour means the same thing in all plots. Okabe and Ito chose these colours for colour-blind readers, too.
BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION, PURPLE = (
    '#000000', '#e69f00', '#56b4e9', '#009e73', '#0072b2', '#d55e00', '#cc79a7',
)  # fmt: skip
GREY = '#7a7f87'
SETS: dict[str, dict[str, Any]] = dict(
    shared=dict(color=GREY, linewidth=1.6),
    candidate=dict(color=VERMILION, linewidth=2.2),
    independent=dict(color=BLUE, linewidth=1.6, linestyle=(0, (5, 1.5))),
    extra=dict(color=GREEN, linewidth=1.6, linestyle=(0, (1.5, 1))),
)
ORDER_STYLES: dict[str, dict[str, Any]] = dict(  # order in which images are removed or units are pruned
    most=dict(color=VERMILION, marker='o'),
    random=dict(color=GREY, marker='s', linestyle=(0, (5, 1.5))),
    least=dict(color=BLUE, marker='^'),
)
STUDIES = (GREEN, PURPLE, ORANGE, SKY, VERMILION, BLUE, BLACK)


def png_path(out: Path, prefix: str = '') -> PngPath:
    """Return the function that gives the file of a picture by its name."""
    return lambda name: out / f'{prefix.replace("/", "_")}{name}.png'


def over_seeds(seeds: list[int]) -> str:
    """Return ``'seed 0'`` or ``'mean over 3 seeds'``."""
    return f'seed {seeds[0]}' if len(seeds) == 1 else f'mean over {len(seeds)} seeds'


def numbered(count: int, noun: str) -> str:
    """Return ``'1 layer'`` or ``'2 layers'``."""
    return f'{count} {noun}' if count == 1 else f'{count} {noun}s'
