"""Views of many small images in one call, compiled by numba, equal to PIL bit for bit.

Importing this module needs numba.
"""

import math

import numpy as np

from .colors.numba import adjust, compiled

PRECISION = 22  # fractional bits of a weight, as in PIL for images of eight bits


@compiled
def cut_and_adjust(
    images: np.ndarray, boxes: np.ndarray, flips: np.ndarray, color: np.ndarray, bicubic: bool, views: np.ndarray
) -> None:
    """Crop each image, resize it, flip it and adjust its colours; see ``batched_crops.cut_views``.

    Args:
        images: ``[B, 3, W, H]`` uint8, BGR, columns first.
        boxes: ``[B, 4]`` top, left, height and width in pixels.
        flips: ``[B]``.
        color: ``[B, COLUMNS]`` float32.
        bicubic: Whether to resize bicubically instead of bilinearly.
        views: ``[B, 3, size, size]`` uint8; the output.
    """
    size = views.shape[-1]
    for i in range(len(images)):
        top, left, height, width = boxes[i]
        x_first, x_weights = _weights(width, size, bicubic)
        y_first, y_weights = _weights(height, size, bicubic)
        if flips[i]:
            x_first, x_weights = x_first[::-1], x_weights[::-1]
        for channel in range(3):
            part = images[i, channel, left : left + width, top : top + height]
            _resize(part, x_first, x_weights, y_first, y_weights, views[i, channel])
        adjust(views[i], color[i])


@compiled
def _resize(
    part: np.ndarray,
    x_first: np.ndarray,
    x_weights: np.ndarray,
    y_first: np.ndarray,
    y_weights: np.ndarray,
    view: np.ndarray,
) -> None:
    """Resize ``part [w, h]`` to ``view [size, size]``: along rows, rounded to eight bits, then along columns."""
    height, size = part.shape[1], len(x_first)
    narrow = np.empty((height, size), np.uint8)
    total = np.empty(max(height, size), np.int32)
    for x in range(size):
        _add_up(part, x_first[x], x_weights[x], total[:height])
        for y in range(height):
            narrow[y, x] = min(max(total[y] >> PRECISION, 0), 255)
    for y in range(size):
        _add_up(narrow, y_first[y], y_weights[y], total[:size])
        for x in range(size):
            view[y, x] = min(max(total[x] >> PRECISION, 0), 255)


@compiled
def _add_up(lines: np.ndarray, first: int, weights: np.ndarray, total: np.ndarray) -> None:
    """Sum ``lines [first:]`` of n pixels by ``weights [taps]`` into ``total [n]``, plus a half for the rounding."""
    total[:] = 1 << (PRECISION - 1)
    for tap in range(len(weights)):
        if weights[tap]:
            line = lines[first + tap]
            for i in range(len(total)):
                total[i] += weights[tap] * np.int32(line[i])


@compiled
def _weights(length: int, size: int, bicubic: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the first input pixel ``[size]`` and the weights ``[size, taps]`` of each of ``size`` output pixels.

    The weights are those of the first and the following input pixels in fixed point, antialiased like PIL's.
    """
    scale = length / size
    stretch = max(scale, 1.0)
    support = (2.0 if bicubic else 1.0) * stretch
    taps = math.ceil(support) * 2 + 1
    first, weights, exact = np.zeros(size, np.int64), np.zeros((size, taps), np.int32), np.empty(taps)
    for x in range(size):
        center = (x + 0.5) * scale
        low, high = max(int(center - support + 0.5), 0), min(int(center + support + 0.5), length)
        total = 0.0
        for tap in range(high - low):
            exact[tap] = _filter((tap + low - center + 0.5) * (1.0 / stretch), bicubic)
            total += exact[tap]
        first[x] = low
        for tap in range(high - low):
            weights[x, tap] = math.floor(exact[tap] / total * (1 << PRECISION) + 0.5)
    return first, weights


@compiled
def _filter(x: float, bicubic: bool) -> float:
    x = abs(x)
    if not bicubic:
        return max(1.0 - x, 0.0)
    if x < 1.0:
        return (1.5 * x - 2.5) * x * x + 1.0
    return (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5 if x < 2.0 else 0.0
