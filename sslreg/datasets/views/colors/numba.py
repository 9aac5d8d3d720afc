"""Jitter and grayscale of a view compiled by numba, equal to torchvision on PIL images bit for bit.

Importing this module needs numba.
"""

from typing import Any

import numba
import numpy as np

from .columns import BRIGHTNESS, CONTRAST, GRAY, HUE, ORDER, SATURATION


def compiled(function: Any) -> Any:
    """Compile a function by numba; cache the result on disk where a folder is writable.

    Args:
        function: Python function of arrays and numbers.
    """
    options: dict[str, Any] = dict(nogil=True, error_model='numpy')  # numpy: no branch on division by zero
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no writable folder for the cache
        return numba.njit(**options)(function)


@compiled
def adjust(view: np.ndarray, color: np.ndarray) -> None:
    """Apply jitter in the drawn order and grayscale, in place.

    Args:
        view: ``[3, H, W]`` uint8, BGR.
        color: ``[COLUMNS]`` float32 (see :mod:`.columns`); blur and solarization are ignored.
    """
    b, g, r = view[0].ravel(), view[1].ravel(), view[2].ravel()
    for column in range(ORDER, ORDER + 4):
        operation = int(color[column])
        if operation == BRIGHTNESS:
            for plane in (b, g, r):
                _blend(plane, 0, color[BRIGHTNESS])
        elif operation == CONTRAST:
            mean = _mean_gray(b, g, r)
            for plane in (b, g, r):
                _blend(plane, mean, color[CONTRAST])
        elif operation == SATURATION:
            _saturate(b, g, r, color[SATURATION])
        elif operation == HUE:
            _shift_hue(b, g, r, np.uint8(int(color[HUE])))
    if color[GRAY] > 0:
        _saturate(b, g, r, np.float32(0))


@compiled
def _gray(b: int, g: int, r: int) -> int:
    """Return ITU-R 601 luma in PIL's fixed point."""
    return (np.int32(r) * 19595 + np.int32(g) * 38470 + np.int32(b) * 7471 + 0x8000) >> 16


@compiled
def _mean_gray(b: np.ndarray, g: np.ndarray, r: np.ndarray) -> int:
    total = 0
    for i in range(len(b)):
        total += _gray(b[i], g[i], r[i])
    return int(total / len(b) + 0.5)


@compiled
def _mix(low: float, value: int, share: float) -> np.uint8:
    """Blend like PIL: in float32, clipped to 0..255 and rounded down."""
    mixed = np.float32(low) + share * np.float32(np.float32(value) - np.float32(low))
    return np.uint8(np.int32(min(max(mixed, np.float32(0)), np.float32(255))))


@compiled
def _blend(plane: np.ndarray, low: int, share: float) -> None:
    for i in range(len(plane)):
        plane[i] = _mix(low, plane[i], share)


@compiled
def _saturate(b: np.ndarray, g: np.ndarray, r: np.ndarray, share: float) -> None:
    for i in range(len(b)):
        gray = _gray(b[i], g[i], r[i])
        b[i], g[i], r[i] = _mix(gray, b[i], share), _mix(gray, g[i], share), _mix(gray, r[i], share)


@compiled
def _shift_hue(b: np.ndarray, g: np.ndarray, r: np.ndarray, shift: np.uint8) -> None:
    """Convert to PIL's 8-bit HSV and back: the hue in float32, the three levels of the way back in float64."""
    for i in range(len(b)):
        blue, green, red = np.float32(b[i]), np.float32(g[i]), np.float32(r[i])
        value = max(red, green, blue)
        spread = value - min(red, green, blue)
        to_red, to_green, to_blue = (value - red) / spread, (value - green) / spread, (value - blue) / spread
        if red == value:
            sixths = np.float64(to_blue - to_green)
        elif green == value:
            sixths = np.float64(np.float32(2.0 + np.float64(to_red) - np.float64(to_blue)))
        else:
            sixths = np.float64(np.float32(4.0 + np.float64(to_green) - np.float64(to_red)))
        turn = sixths / 6.0 + 1.0
        hue = np.int32(np.float64(np.float32(turn - np.floor(turn))) * 255.0)
        saturation = np.float64(np.float32(np.int32(np.float64(spread / value) * 255.0))) / 255.0
        if spread == 0:
            hue, saturation = np.int32(0), 0.0
        angle = np.float64((hue + np.int32(shift)) & 255) * 6.0 / 255.0
        sector = np.floor(angle)
        part = np.float64(np.float32(angle - sector))
        saturation = np.float64(np.float32(saturation))
        level = np.float64(value)
        low = np.floor(level * (1.0 - saturation) + 0.5)
        falling = np.floor(level * (1.0 - saturation * part) + 0.5)
        rising = np.floor(level * (1.0 - saturation * (1.0 - part)) + 0.5)
        side = np.int32(sector)
        r[i] = _pick(side, level, falling, low, rising)
        g[i] = _pick(side + 4, level, falling, low, rising)
        b[i] = _pick(side + 2, level, falling, low, rising)


@compiled
def _pick(side: int, level: float, falling: float, low: float, rising: float) -> np.uint8:
    """Return the level of red on a side of the hexagon of hues; callers shift the side for green and blue."""
    side = side - 6 if side >= 6 else side
    high = level if side == 0 or side == 5 else low  # noqa: PLR1714  a set keeps loops from being vectorised
    return np.uint8(np.int32(falling if side == 1 else rising if side == 4 else high))
