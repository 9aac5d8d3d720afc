"""Views of many small images in one call."""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from PIL import Image

from .color import adjust, finish


def cut_views(
    images: np.ndarray, boxes: np.ndarray, flips: np.ndarray, color: np.ndarray, bicubic: bool, views: np.ndarray
) -> None:
    """Cut out a view of each image, resize it by rows and then by columns as PIL does, flip it and change its colours.

    PIL itself, from version 12 on, takes columns first where that is less work, and is then a level off at some pixels.

    Args:
        images: ``[B, 3, W, H]`` uint8, BGR, columns first.
        boxes: ``[B, 4]`` top, left, height and width in pixels.
        flips: ``[B]``.
        color: ``[B, COLUMNS]`` float32.
        bicubic: Else bilinear.
        views: ``[B, 3, size, size]`` uint8; written.
    """
    cut_and_adjust(images, boxes, flips, color, bicubic, views)
    for view, settings in zip(views, color, strict=True):
        finish(view, settings)


def cut_and_adjust_by_pil(
    images: np.ndarray, boxes: np.ndarray, flips: np.ndarray, color: np.ndarray, bicubic: bool, views: np.ndarray
) -> None:
    """As :func:`cut_views` but for blur and solarization, image by image."""
    resample = Image.Resampling.BICUBIC if bicubic else Image.Resampling.BILINEAR
    size = views.shape[-1]
    for image, (top, left, height, width), flip, settings, view in zip(images, boxes, flips, color, views, strict=True):
        part = np.ascontiguousarray(image[:, left : left + width, top : top + height].transpose(2, 1, 0))
        by_rows = Image.fromarray(part).resize((size, height), resample)
        pixels = np.asarray(by_rows.resize((size, size), resample))
        view[:] = (pixels[:, ::-1] if flip else pixels).transpose(2, 0, 1)
        adjust(view, settings)


cut_and_adjust: Callable[..., None] = cut_and_adjust_by_pil
if find_spec('numba'):
    from . import small_compiled

    cut_and_adjust = small_compiled.cut_and_adjust
