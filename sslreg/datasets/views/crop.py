"""Crop of one image, resized."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def resized_crop(image: np.ndarray, box: np.ndarray, size: int, flip: bool, interpolation: str) -> Tensor:
    """Return a crop of an image, resized with antialiasing in eight bits.

    The result is within 4 levels of PIL's resize along rows and then along columns.

    Args:
        image: ``[H, W, 3]`` uint8.
        box: Top, left, height and width in pixels.
        size: Side of the result in pixels.
        flip: Whether to exchange left and right.
        interpolation: ``'bicubic'`` or ``'bilinear'``.

    Returns:
        ``[3, size, size]`` uint8 with channels in the same order.
    """
    top, left, height, width = box
    part = torch.from_numpy(image[top : top + height, left : left + width]).permute(2, 0, 1)[None]
    view = F.interpolate(part, (size, size), mode=interpolation, antialias=True)[0]
    return (view.flip(-1) if flip else view).contiguous()
