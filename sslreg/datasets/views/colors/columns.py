"""Columns of the colour settings of a view: ``[COLUMNS]`` float32, drawn by :class:`Recipe`.

The columns from ``BRIGHTNESS`` to ``HUE`` hold the strength of each jitter operation: factors, and for the hue a shift
from 0 to 255. The four columns from ``ORDER`` on hold the numbers of these operations in the order of application (-1:
skip). ``GRAY`` is 1 for grayscale, ``SIGMA`` the standard deviation of the blur in pixels (0: none), and ``SOLARIZE``
the lowest level to invert (256: none).
"""

import math

BRIGHTNESS, CONTRAST, SATURATION, HUE, ORDER, GRAY, SIGMA, SOLARIZE, COLUMNS = 0, 1, 2, 3, 4, 8, 9, 10, 11
JITTER = ('brightness', 'contrast', 'saturation', 'hue')  # names of the first columns


def blur_radius(sigma: float) -> int:
    """Return how many pixels on each side a Gaussian blur reads: three standard deviations."""
    return math.ceil(3 * sigma)
