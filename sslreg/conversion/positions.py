"""Position embeddings of another grid of patches."""

from dataclasses import replace

import torch

from sslreg.models.resampling import resample_antialiased, resample_released, square_grid

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
    old_grid = square_grid(position, extra)
    registers = 'reg_token' in weights.tensors
    resample = resample_antialiased if registers else resample_released
    position = torch.cat([position[:, :extra], resample(position[:, extra:], old_grid, grid)], dim=1)
    how = 'antialiased' if registers else 'not antialiased'
    note = f'resampled from {old_grid[0]} x {old_grid[1]} to {grid[0]} x {grid[1]} (bicubic, {how})'
    notes = weights.notes | dict(pos_embed='; '.join([*filter(None, [weights.notes.get('pos_embed')]), note]))
    return replace(weights, tensors=weights.tensors | dict(pos_embed=position), notes=notes)
