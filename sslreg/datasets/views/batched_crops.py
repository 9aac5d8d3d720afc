"""Views of many small images in one call."""

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from PIL import Image

from .colors.cpu import adjust, blur_and_solarize


def cut_views(
    images: np.ndarray, boxes: np.ndarray, flips: np.ndarray, color: np.ndarray, bicubic: bool, views: np.ndarray
) -> None:
    """Crop each image, resize it along rows and then along columns like PIL, flip it and change its colours.

    PIL itself, from version 12 on, resizes columns first where that is less work, and then differs by one level at
    some pixels.

    Args:
        images: ``[B, 3, W, H]`` uint8, BGR, columns first.
        boxes: ``[B, 4]`` top, left, height and width in pixels.
        flips: ``[B]``.
        color: ``[B, COLUMNS]`` float32.
        bicubic: Whether to resize bicubically instead of bilinearly.
        views: ``[B, 3, size, size]`` uint8; the output.
    """
    cut_and_adjust(images, boxes, flips, color, bicubic, views)
    for view, settings in zip(views, color, strict=True):
        blur_and_solarize(view, settings)


def cut_and_adjust_by_pil(
    images: np.ndarray, boxes: np.ndarray, flips: np.ndarray, color: np.ndarray, bicubic: bool, views: np.ndarray
) -> None:
    """Do the work of :func:`cut_views` except for blur and solarization, image by image.

    Args:
        images: ``[B, 3, W, H]`` uint8, BGR, columns first.
        boxes: ``[B, 4]`` top, left, height and width in pixels.
        flips: ``[B]``.
        color: ``[B, COLUMNS]`` float32.
        bicubic: Whether to resize bicubically instead of bilinearly.
        views: ``[B, 3, size, size]`` uint8; the output.
    """
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
    from . import batched_crops_numba

    cut_and_adjust = batched_crops_numba.cut_and_adjust
