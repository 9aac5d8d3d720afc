"""Position embeddings for another grid of patches."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

OFFSET = 0.1  # of DINO, iBOT, MaSSL and DINOv2: the product of the scale and the side must not be rounded down


def resample_released(
    positions: Tensor, grid: tuple[int, int], new_grid: tuple[int, int], mode: str = 'bicubic'
) -> Tensor:
    """Resample positions as the codes of DINO, iBOT, MaSSL and DINOv2 do, by the scale (h + 0.1) / side.

    ``interpolate(size=)`` takes the scale h / side instead, which moves every sample.

    Args:
        positions: ``[1, rows columns, C]``.
        grid: Rows and columns of the positions.
        new_grid: Rows and columns of the result.
        mode: Mode of the interpolation.

    Returns:
        ``[1, new rows new columns, C]``.
    """
    scale = [(new + OFFSET) / old for new, old in zip(new_grid, grid, strict=True)]
    return _interpolate(positions, grid, scale_factor=scale, mode=mode)


def resample_antialiased(positions: Tensor, grid: tuple[int, int], new_grid: tuple[int, int]) -> Tensor:
    """Resample positions as DINOv2's networks with registers and timm do, by h / side with an antialiasing filter.

    Args:
        positions: ``[1, rows columns, C]``.
        grid: Rows and columns of the positions.
        new_grid: Rows and columns of the result.

    Returns:
        ``[1, new rows new columns, C]``.
    """
    return _interpolate(positions, grid, size=new_grid, mode='bicubic', antialias=True)


def square_grid(positions: Tensor, num_extra_tokens: int) -> tuple[int, int]:
    """Return rows and columns of a file's positions ``[1, extra + side**2, C]``.

    Args:
        positions: The positions, those of extra tokens first.
        num_extra_tokens: Number of positions that belong to no patch.

    Raises:
        ValueError: The positions are no square grid.
    """
    side = math.isqrt(max(positions.shape[1] - num_extra_tokens, 0))
    if side**2 != positions.shape[1] - num_extra_tokens:
        raise ValueError(
            f'pos_embed holds {positions.shape[1]} positions, {num_extra_tokens} of them for extra tokens: the others '
            "form no square grid that could be resampled; set the backbone's img_size to that of the pre-training"
        )
    return side, side


def _interpolate(positions: Tensor, grid: tuple[int, int], **options: Any) -> Tensor:
    image = positions.to(torch.promote_types(positions.dtype, torch.float32)).unflatten(1, grid).movedim(-1, 1)
    image = F.interpolate(image, **options)
    return image.flatten(2).mT.to(positions.dtype)
