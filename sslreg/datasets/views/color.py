"""What happens to the colours of one view on the CPU."""

import logging
import math
from collections.abc import Callable
from importlib.util import find_spec

import cv2
import numpy as np
from mmengine.logging import print_log
from PIL import Image
from torchvision.transforms import functional as F

from .recipe import GRAY, HUE, JITTER, ORDER, SIGMA, SOLARIZE, blur_radius


def change_colors(view: np.ndarray, color: np.ndarray) -> None:
    """Jitter, grayscale, blur and solarization, in place and in this order; bit for bit torchvision's but for the blur.

    The blur is OpenCV's Gaussian; PIL's approximates one by boxes and differs by 0.3 to 1 level on average.

    Args:
        view: ``[3, H, W]`` uint8, BGR.
        color: ``[COLUMNS]`` float32, one of :class:`Drawn`.

    Raises:
        ValueError: The view is not contiguous: it would be changed in a copy.
    """
    if not view.flags.c_contiguous:
        raise ValueError(f'a view of strides {view.strides} is not contiguous: give np.ascontiguousarray(view)')
    adjust(view, color)
    finish(view, color)


def finish(view: np.ndarray, color: np.ndarray) -> None:
    """The second half of :func:`change_colors`: blur and solarization."""
    if color[SIGMA] > 0:
        width = 2 * blur_radius(float(color[SIGMA])) + 1
        pixels = cv2.merge(list(view))  # [H, W, 3]: 1.6 times as fast as plane by plane
        cv2.GaussianBlur(pixels, (width, width), float(color[SIGMA]), dst=pixels, borderType=cv2.BORDER_REFLECT_101)
        cv2.split(pixels, list(view))
    if color[SOLARIZE] < 256:
        np.subtract(255, view, out=view, where=view >= color[SOLARIZE])


def adjust_by_torchvision(view: np.ndarray, color: np.ndarray) -> None:
    """Jitter in the drawn order and grayscale, in place, by torchvision's functions on PIL images.

    Args:
        view: ``[3, H, W]`` uint8, BGR.
        color: ``[COLUMNS]`` float32, one of :class:`Drawn`.
    """
    image = Image.fromarray(np.ascontiguousarray(view[::-1].transpose(1, 2, 0)))
    for kind in color[ORDER:GRAY].astype(int):
        if kind == HUE:
            shift = color[HUE] if color[HUE] < 128 else color[HUE] - 256
            image = F.adjust_hue(image, math.copysign(abs(shift) + 0.5, shift) / 255)
        elif kind >= 0:
            image = getattr(F, f'adjust_{JITTER[kind]}')(image, float(color[kind]))
    if color[GRAY]:
        image = F.rgb_to_grayscale(image, num_output_channels=3)
    view[:] = np.asarray(image).transpose(2, 0, 1)[::-1]


def advise_compiling() -> None:
    """Say in the log where views are made without numba."""
    if not find_spec('numba'):
        print_log(
            'colours change by torchvision, slowly: `pip install numba` compiles them', 'current', logging.WARNING
        )


adjust: Callable[[np.ndarray, np.ndarray], None] = adjust_by_torchvision
if find_spec('numba'):
    from . import color_compiled

    adjust = color_compiled.adjust
