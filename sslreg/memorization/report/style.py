"""Colours and forms of numbers that are the same all over the page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

Png = Callable[[str], Path]  # where the picture of a name goes


class Part(NamedTuple):
    """A section of the page.

    Attributes:
        heading: Its title.
        body: HTML.
        figures: That it shows, as they go into ``report.json``.
    """

    heading: str
    body: str
    figures: dict[str, Any]


# One colour for one thing in all plots: those of Okabe and Ito, which are told apart also by the colour-blind.
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
ORDERS: dict[str, dict[str, Any]] = dict(  # by which images are removed, or units pruned
    most=dict(color=VERMILION, marker='o'),
    random=dict(color=GREY, marker='s', linestyle=(0, (5, 1.5))),
    least=dict(color=BLUE, marker='^'),
)
STUDIES = (GREEN, PURPLE, ORANGE, SKY, VERMILION, BLUE, BLACK)


def over_seeds(seeds: list[int]) -> str:
    """Whose scores are meant."""
    return f'seed {seeds[0]}' if len(seeds) == 1 else f'mean over {len(seeds)} seeds'


def numbered(count: int, noun: str) -> str:
    """``'1 layer'``, ``'2 layers'``."""
    return f'{count} {noun}' if count == 1 else f'{count} {noun}s'
