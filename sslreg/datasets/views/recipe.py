"""Random settings of the views of an image: the crop, the flip and the colour changes.

All numbers of a batch are drawn at once. In a run with :class:`EpochSeedHook` they depend on (seed, epoch, index of the
image, how often it has come in the epoch) alone: neither workers nor ranks nor the order of the images matter.
Otherwise numpy's generator draws the key.
"""

from collections.abc import Sequence
from dataclasses import fields
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from .colors.columns import COLUMNS, GRAY, HUE, JITTER, ORDER, SIGMA, SOLARIZE
from .splitmix import Key, uniform
from .view import View

ATTEMPTS = 10  # crops drawn until one fits into the image, as in torchvision's RandomResizedCrop
# Uniform numbers per view: area and ratio of each attempt, 2 for the position, flip, 10 for colours, 1 unused.
DRAWS = 2 * ATTEMPTS + 14
JITTER_ORDERS = np.array(list(permutations(range(4))), np.float32)


class ViewSettings(NamedTuple):
    """Random settings of V views of each of B images.

    Attributes:
        boxes: ``[B, V, 4]`` top, left, height and width in pixels.
        flips: ``[B, V]``.
        color: ``[B, V, COLUMNS]`` float32 (see :mod:`.colors.columns`).
    """

    boxes: np.ndarray
    flips: np.ndarray
    color: np.ndarray


class Recipe:
    """Generator of the random settings of views.

    Args:
        views: Configs of :class:`View`.

    Raises:
        ValueError: There are no views, or one of them has an invalid or unknown setting; the message names it.
    """

    def __init__(self, views: Sequence[dict[str, Any]]) -> None:
        kinds = [_view(position, config) for position, config in enumerate(views)]
        self.views = [kind for kind in kinds for _ in range(kind.num)]
        if not self.views:
            raise ValueError('views=[] must name at least one view')
        names = ('scale', 'ratio', 'sigma', 'flip', 'jitter_prob', 'gray', 'blur', 'solarize')
        self.each = {name: np.array([getattr(view, name) for view in self.views]) for name in names}  # [V] or [V, 2]
        self.strength = np.array([[view.jitter.get(name, 0.0) for name in JITTER] for view in self.views])
        self.key: Key | None = None

    def set_key(self, key: Key | None) -> None:
        """Draw from a key and the images' indices from now on; with None, from numpy's generator.

        Args:
            key: (seed, epoch), of a dataset behind others also its number; or None.
        """
        self.key = key

    def draw(
        self, indices: np.ndarray, heights: np.ndarray, widths: np.ndarray, occurrences: np.ndarray | None = None
    ) -> ViewSettings:
        """Draw the settings of the views of a batch.

        Args:
            indices: ``[B]`` indices of the images in their dataset.
            heights: ``[B]`` heights in pixels.
            widths: ``[B]`` widths in pixels.
            occurrences: ``[B]`` how often each image has come before; None: never.
        """
        key = self.key or tuple(np.random.randint(2**31, size=2))
        u = uniform(indices, len(self.views) * DRAWS, key, occurrences).reshape(len(indices), len(self.views), DRAWS)
        boxes = self._boxes(u[..., : 2 * ATTEMPTS + 2], heights, widths)
        u = u[..., 2 * ATTEMPTS + 2 :]
        return ViewSettings(boxes, u[..., 0] < self.each['flip'], self._color(u[..., 1:]))

    def _boxes(self, u: np.ndarray, heights: np.ndarray, widths: np.ndarray) -> np.ndarray:
        """Return the first of ten crops that fits into its image, else the largest central crop of a valid ratio."""
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
        """Return the colour settings ``[B, V, COLUMNS]`` for uniform numbers ``u``.

        Numbers 0 to 3 give the strengths of the jitter, 4 its order, 5 whether it is applied, 6 grayscale, 7 whether to
        blur, 8 the blur's sigma, and 9 whether to solarize.
        """
        color = np.zeros((*u.shape[:2], COLUMNS), np.float32)
        jitter = self.strength * (2 * u[..., :4] - 1)
        color[..., :HUE] = 1 + jitter[..., :HUE]
        color[..., HUE] = np.trunc(jitter[..., HUE] * 255) % 256
        order = JITTER_ORDERS[(u[..., 4] * len(JITTER_ORDERS)).astype(int)]
        idle = (self.strength == 0)[np.arange(len(self.views))[:, None], order.astype(int)]
        color[..., ORDER:GRAY] = np.where(idle | (u[..., 5] >= self.each['jitter_prob'])[..., None], -1, order)
        color[..., GRAY] = u[..., 6] < self.each['gray']
        low, high = self.each['sigma'].T
        color[..., SIGMA] = np.where(u[..., 7] < self.each['blur'], low + (high - low) * u[..., 8], 0)
        color[..., SOLARIZE] = np.where(u[..., 9] < self.each['solarize'], 128, 256)
        return color


def _view(position: int, config: dict[str, Any]) -> View:
    """Return the View of a config; errors name its position in the list."""
    known = [setting.name for setting in fields(View)]
    if unknown := set(config) - set(known):
        raise ValueError(f'views[{position}] has {", ".join(sorted(unknown))}; a view has {", ".join(known)}')
    try:
        return View(**config)
    except ValueError as error:
        raise ValueError(f'views[{position}]: {error}') from error
