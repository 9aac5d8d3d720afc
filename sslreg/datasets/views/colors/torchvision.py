"""Jitter and grayscale of a view by torchvision: the fallback on the CPU without numba."""

import math

import numpy as np
from PIL import Image
from torchvision.transforms import functional as F

from .columns import GRAY, HUE, JITTER, ORDER


def adjust_by_torchvision(view: np.ndarray, color: np.ndarray) -> None:
    """Apply jitter in the drawn order and grayscale, in place, by torchvision's functions on PIL images.

    Args:
        view: ``[3, H, W]`` uint8, BGR.
        color: ``[COLUMNS]`` float32 (see :mod:`.columns`).
    """
    image = Image.fromarray(np.ascontiguousarray(view[::-1].transpose(1, 2, 0)))
    for operation in color[ORDER:GRAY].astype(int):
        if operation == HUE:
            shift = color[HUE] if color[HUE] < 128 else color[HUE] - 256
            image = F.adjust_hue(image, math.copysign(abs(shift) + 0.5, shift) / 255)
        elif operation >= 0:
            image = getattr(F, f'adjust_{JITTER[operation]}')(image, float(color[operation]))
    if color[GRAY]:
        image = F.rgb_to_grayscale(image, num_output_channels=3)
    view[:] = np.asarray(image).transpose(2, 0, 1)[::-1]
