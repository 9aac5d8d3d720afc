"""Settings of views, as a config gives them, and their limits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from sslreg.arguments import Bounds

from .colors.columns import blur_radius

INTERPOLATIONS = ('bicubic', 'bilinear')
PROBABILITIES = ('flip', 'jitter_prob', 'gray', 'blur', 'solarize')
MAX_SIZE, MAX_NUM = 2**14, 1000  # pixels of a side, and views of a kind
LARGEST = dict(scale=1.0, ratio=math.inf, sigma=5.0)  # upper limit of each range
STRONGEST = dict(brightness=1.0, contrast=1.0, saturation=1.0, hue=0.5)  # upper limit of each jitter strength


@dataclass(frozen=True)
class View:
    """Settings of a kind of view; the defaults change nothing but position and size.

    Attributes:
        size: Side in pixels.
        num: Number of views of this kind.
        scale: Smallest and largest area of the crop, as shares of the image's area.
        ratio: Smallest and largest ratio of width to height.
        interpolation: ``'bicubic'`` or ``'bilinear'``, antialiased.
        flip: Probability of a horizontal flip.
        jitter: Strengths of ``brightness``, ``contrast``, ``saturation`` (factors from 1 - x to 1 + x) and ``hue``
            (shifts from -x to x of a turn), applied in random order.
        jitter_prob: Probability of the jitter.
        gray: Probability of grayscale.
        blur: Probability of a Gaussian blur.
        sigma: Smallest and largest standard deviation of the blur in pixels.
        solarize: Probability that levels from 128 on are inverted.

    Raises:
        ValueError: A value is out of its range.
    """

    size: Annotated[int, Bounds(least=1, most=MAX_SIZE)]
    num: Annotated[int, Bounds(least=1, most=MAX_NUM)] = 1
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    interpolation: str = 'bicubic'
    flip: float = 0.0
    jitter: dict[str, float] = field(default_factory=dict)
    jitter_prob: float = 1.0
    gray: float = 0.0
    blur: float = 0.0
    sigma: tuple[float, float] = (0.1, 2.0)
    solarize: float = 0.0

    def __post_init__(self) -> None:
        _check_sizes(self.size, self.num)
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"interpolation={self.interpolation!r} must be 'bicubic' or 'bilinear'")
        for name in PROBABILITIES:
            _check_probability(name, getattr(self, name))
        for name, largest in LARGEST.items():
            _check_range(name, getattr(self, name), largest)
        _check_jitter(self.jitter)
        if self.blur:
            _check_blur(self.size, self.sigma)


def _check_sizes(size: Any, num: Any) -> None:
    if not isinstance(size, int):
        raise ValueError(f'size={size!r} of a view must be an integer')
    if size < 1 or num < 1:
        raise ValueError(f'size={size} and num={num} of a view must be at least 1')
    if num > MAX_NUM:
        raise ValueError(f'num={num} of a view must be at most {MAX_NUM}')


def _check_probability(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f'{name}={value} is a probability and must be from 0 to 1')


def _check_range(name: str, bounds: Any, largest: float) -> None:
    if not isinstance(bounds, Sequence) or len(bounds) != 2 or not 0 < bounds[0] <= bounds[1] <= largest:
        raise ValueError(f'{name}={bounds} must be a range (smallest, largest) above 0 and up to {largest}')


def _check_jitter(jitter: Any) -> None:
    if not isinstance(jitter, dict):
        raise ValueError(f'jitter={jitter!r} of a view must be a dict')
    for name, strength in jitter.items():
        if not 0 <= strength <= STRONGEST.get(name, 0.0):
            raise ValueError(
                f'jitter {name}={strength}: it takes brightness, contrast, saturation (0 to 1) and hue (0 to 0.5)'
            )


def _check_blur(size: int, sigma: tuple[float, float]) -> None:
    """Raise ValueError if the blur reads pixels further away than the border can be mirrored."""
    radius = blur_radius(sigma[1])
    if size <= radius:
        raise ValueError(
            f'sigma={sigma}: the blur reads {radius} pixels to each side, which must be less than size={size}: lower '
            'sigma or set blur=0'
        )
