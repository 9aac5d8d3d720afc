"""What is drawn for the views of an image: where each is cut out, and what happens to its colours.

All numbers are drawn for a batch at once, in a run with :class:`EpochSeedHook` from (seed, epoch, index of the image)
alone: neither workers nor ranks nor the order of the images matter. Else they come from numpy's generator.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

# Columns of what happens to a view's colours: factors (of the hue: a shift from 0 to 255), from column ORDER on which
# of these come first to fourth (-1: none), whether gray, the blur's standard deviation in pixels (0: none), the level
# from which on a view is solarized (256: none).
BRIGHTNESS, CONTRAST, SATURATION, HUE, ORDER, GRAY, SIGMA, SOLARIZE, COLUMNS = 0, 1, 2, 3, 4, 8, 9, 10, 11
Key = tuple[int, ...]  # (seed, epoch)
ATTEMPTS = 10  # at a crop that fits into the image, as torchvision's RandomResizedCrop
DRAWS = 2 * ATTEMPTS + 14  # uniform numbers for a view
MAX_SIGMA = 5.0
JITTER = ('brightness', 'contrast', 'saturation', 'hue')  # as the first columns
ORDERS = np.array(list(permutations(range(4))), np.float32)


@dataclass(frozen=True)
class View:
    """A kind of view and how it is drawn; defaults change nothing but place and size.

    Attributes:
        size: Side in pixels.
        num: Views of this kind.
        scale: Least and largest area of the crop, as shares of the image's.
        ratio: Least and largest ratio of width to height.
        interpolation: ``'bicubic'`` or ``'bilinear'``, antialiased.
        flip: Probability of a horizontal flip.
        jitter: Strengths of ``brightness``, ``contrast``, ``saturation`` (factors from 1 - x to 1 + x) and ``hue``
            (shifts from -x to x of a turn), applied in random order.
        jitter_prob: Probability of the jitter.
        gray: Probability of grayscale.
        blur: Probability of a Gaussian blur.
        sigma: Least and largest standard deviation of the blur in pixels.
        solarize: Probability that levels from 128 on are inverted.

    Raises:
        ValueError: A value is out of its range.
    """

    size: int
    num: int = 1
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
        if self.size < 1 or self.num < 1:
            raise ValueError(f'size={self.size} and num={self.num} of a view must be at least 1')
        if self.blur and self.size <= blur_radius(self.sigma[1]):
            raise ValueError(
                f'sigma={self.sigma}: a blur looks {blur_radius(self.sigma[1])} pixels far, beyond a view of '
                f'size={self.size}: lower sigma or set blur=0'
            )
        if not isinstance(self.size, int) or not isinstance(self.jitter, dict):
            raise ValueError(f'size={self.size!r} of a view must be an integer, jitter={self.jitter!r} a dict')
        if self.interpolation not in ('bicubic', 'bilinear'):
            raise ValueError(f"interpolation={self.interpolation!r} must be 'bicubic' or 'bilinear'")
        for name in ('flip', 'jitter_prob', 'gray', 'blur', 'solarize'):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f'{name}={getattr(self, name)} is a probability, from 0 to 1')
        for name, most in (('scale', 1.0), ('ratio', np.inf), ('sigma', MAX_SIGMA)):
            bounds = getattr(self, name)
            if not isinstance(bounds, Sequence) or len(bounds) != 2 or not 0 < bounds[0] <= bounds[1] <= most:
                raise ValueError(f'{name}={bounds} must be a range (least, largest) above 0 and up to {most}')
        for name, strength in self.jitter.items():
            most = dict(brightness=1.0, contrast=1.0, saturation=1.0, hue=0.5).get(name, 0.0)
            if not 0 <= strength <= most:
                raise ValueError(
                    f'jitter {name}={strength}: it takes brightness, contrast, saturation (0 to 1) and hue (0 to 0.5)'
                )


def blur_radius(sigma: float) -> int:
    """Pixels on each side that a Gaussian blur looks at: three standard deviations."""
    return math.ceil(3 * sigma)


class Drawn(NamedTuple):
    """For B images and V views: ``boxes [B, V, 4]`` (top, left, height, width in pixels), ``flips [B, V]``, ``color``.

    ``color [B, V, COLUMNS]`` is float32, see the columns above.
    """

    boxes: np.ndarray
    flips: np.ndarray
    color: np.ndarray


class Recipe:
    """Draws the views of images.

    Args:
        views: Configs of :class:`View`.

    Raises:
        ValueError: There are no views, or one of them is wrong or has an unknown setting; says which.
    """

    def __init__(self, views: Sequence[dict[str, Any]]) -> None:
        kinds = [_kind(place, view) for place, view in enumerate(views)]
        self.views = [kind for kind in kinds for _ in range(kind.num)]
        if not self.views:
            raise ValueError('views=[] must name at least one view')
        names = ('scale', 'ratio', 'sigma', 'flip', 'jitter_prob', 'gray', 'blur', 'solarize')
        self.each = {name: np.array([getattr(view, name) for view in self.views]) for name in names}  # [V] or [V, 2]
        self.strength = np.array([[view.jitter.get(name, 0.0) for name in JITTER] for view in self.views])
        self.key: Key | None = None

    def set_key(self, key: Key | None) -> None:
        """Draw from a key and the images' indices from now on; from None: from numpy's generator."""
        self.key = key

    def draw(self, indices: np.ndarray, heights: np.ndarray, widths: np.ndarray) -> Drawn:
        """All that is random of B images of ``heights [B]`` and ``widths [B]`` in pixels."""
        key = self.key or tuple(np.random.randint(2**31, size=2))
        u = uniform(indices, len(self.views) * DRAWS, key).reshape(len(indices), len(self.views), DRAWS)
        boxes = self._boxes(u[..., : 2 * ATTEMPTS + 2], heights, widths)
        u = u[..., 2 * ATTEMPTS + 2 :]
        return Drawn(boxes, u[..., 0] < self.each['flip'], self._color(u[..., 1:]))

    def _boxes(self, u: np.ndarray, heights: np.ndarray, widths: np.ndarray) -> np.ndarray:
        """The first of ten crops that fits into its image, else the largest central one of a ratio allowed."""
        height, width = (x[:, None, None].astype(float) for x in (heights, widths))
        (area_low, area_high), (ratio_low, ratio_high) = (self.each[name].T[..., None] for name in ('scale', 'ratio'))
        area = height * width * (area_low + (area_high - area_low) * u[..., :ATTEMPTS])
        low, high = np.log(ratio_low), np.log(ratio_high)
        ratio = np.exp(low + (high - low) * u[..., ATTEMPTS : 2 * ATTEMPTS])
        sizes = np.rint([np.sqrt(area / ratio), np.sqrt(area * ratio)])
        fits = (sizes > 0).all(axis=0) & (sizes[0] <= height) & (sizes[1] <= width)
        first = fits.argmax(axis=-1)[..., None]
        h, w = (np.take_along_axis(size, first, axis=-1)[..., 0] for size in sizes)
        height, width, ratio_low, ratio_high = height[..., 0], width[..., 0], ratio_low[..., 0], ratio_high[..., 0]
        none = ~fits.any(axis=-1)
        h = np.where(none, np.minimum(height, np.rint(width / ratio_low)), h)
        w = np.where(none, np.minimum(width, np.rint(height * ratio_high)), w)
        top, left = (
            np.where(none, room // 2, np.floor(u[..., 2 * ATTEMPTS + side] * (room + 1)))
            for side, room in enumerate((height - h, width - w))
        )
        return np.stack([top, left, h, w], axis=-1).astype(np.int64)

    def _color(self, u: np.ndarray) -> np.ndarray:
        color = np.zeros((*u.shape[:2], COLUMNS), np.float32)
        jitter = self.strength * (2 * u[..., :4] - 1)
        color[..., :HUE] = 1 + jitter[..., :HUE]
        color[..., HUE] = np.trunc(jitter[..., HUE] * 255) % 256
        order = ORDERS[(u[..., 4] * len(ORDERS)).astype(int)]
        idle = (self.strength == 0)[np.arange(len(self.views))[:, None], order.astype(int)]
        color[..., ORDER:GRAY] = np.where(idle | (u[..., 5] >= self.each['jitter_prob'])[..., None], -1, order)
        color[..., GRAY] = u[..., 6] < self.each['gray']
        low, high = self.each['sigma'].T
        color[..., SIGMA] = np.where(u[..., 7] < self.each['blur'], low + (high - low) * u[..., 8], 0)
        color[..., SOLARIZE] = np.where(u[..., 9] < self.each['solarize'], 128, 256)
        return color


GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _kind(place: int, view: dict[str, Any]) -> View:
    """The View of a config at a place in the list."""
    known = [setting.name for setting in fields(View)]
    if unknown := set(view) - set(known):
        raise ValueError(f'views[{place}] has {", ".join(sorted(unknown))}; a view has {", ".join(known)}')
    try:
        return View(**view)
    except ValueError as error:
        raise ValueError(f'views[{place}]: {error}') from error


def uniform(indices: np.ndarray, count: int, key: Key) -> np.ndarray:
    """Numbers from 0 (included) to 1 (excluded), ``[B, count]``, each a hash of key, image and place (SplitMix64)."""
    state = np.zeros((), np.uint64)
    with np.errstate(over='ignore'):
        for part in (*np.array(key).astype(np.uint64), indices.astype(np.uint64)[:, None]):
            state = _scramble(state + (part + np.uint64(1)) * GOLDEN)
        bits = _scramble(state + np.arange(1, count + 1, dtype=np.uint64) * GOLDEN)
    return (bits >> np.uint64(11)) * 2.0**-53


def _scramble(x: np.ndarray) -> np.ndarray:
    """SplitMix64's mixing of 64 bits (Steele et al., OOPSLA 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
