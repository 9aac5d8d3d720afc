"""Position embeddings of another grid of patches."""

import math
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .tensors import Weights


def fit_positions(weights: Weights, num_tokens: int, grid: tuple[int, int]) -> Weights:
    """Return weights whose positions fit a grid of patches: ``[1, extra + side**2, C] -> [1, num_tokens, C]``.

    Args:
        weights: Weights with ``pos_embed``.
        num_tokens: Number of positions of the network, including those of extra tokens.
        grid: Rows and columns of patches.

    Raises:
        ValueError: The positions of the file are no square grid.
    """
    position = weights.tensors['pos_embed']
    if position.shape[1] == num_tokens:
        return weights
    extra = num_tokens - grid[0] * grid[1]
    side = math.isqrt(max(position.shape[1] - extra, 0))
    if side**2 != position.shape[1] - extra:
        raise ValueError(
            f'pos_embed holds {position.shape[1]} positions, {extra} of them for extra tokens: the others form no '
            "square grid that could be resampled; set the backbone's img_size to that of the pre-training"
        )
    registers = 'reg_token' in weights.tensors
    position = torch.cat([position[:, :extra], resampled(position[:, extra:], side, grid, registers)], dim=1)
    how = 'antialiased' if registers else 'not antialiased'
    note = f'resampled from {side} x {side} to {grid[0]} x {grid[1]} (bicubic, {how})'
    notes = weights.notes | dict(pos_embed='; '.join([*filter(None, [weights.notes.get('pos_embed')]), note]))
    return replace(weights, tensors=weights.tensors | dict(pos_embed=position), notes=notes)


def resampled(position: Tensor, side: int, grid: tuple[int, int], registers: bool) -> Tensor:
    """Return positions for another grid as the released codes compute them.

    DINO, iBOT, MaSSL and DINOv2 scale by (h + 0.1) / side, to avoid that the product is rounded down, and sample at
    that scale. DINOv2's networks with registers scale by h / side and use an antialiasing filter.

    Args:
        position: ``[1, side**2, C]``.
        side: Rows and columns of the file's grid.
        grid: Rows h and columns w of the new grid.
        registers: Whether the network has registers.

    Returns:
        ``[1, h w, C]``.
    """
    offset = 0.0 if registers else 0.1
    scale = tuple((length + offset) / side for length in grid)
    image = position.float().unflatten(1, (side, side)).movedim(-1, 1)
    options: dict[str, Any] = dict(size=grid) if registers else dict(scale_factor=scale)
    image = F.interpolate(image, mode='bicubic', antialias=registers, **options)
    return image.flatten(2).mT.to(position.dtype)
