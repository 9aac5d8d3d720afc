"""Corresponding patches of two photographs, as on MaSSL's poster (arXiv 2407.17486)."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib import colormaps
from matplotlib.figure import Figure
from torch import Tensor

from .attention_maps import PatchMaps
from .plots import DPI
from .sheets import to_rgb

PHOTOGRAPH_GAP = 0.06  # between the photographs, in widths of one


class Matches(NamedTuple):
    """M pairs of patches, the heaviest first.

    Attributes:
        first: Row and column of the patches in the first image, ``[M, 2]``.
        second: Row and column of the patches in the second image, ``[M, 2]``.
        weight: Cosine of the pair times the attention on both, ``[M]``.
    """

    first: Tensor
    second: Tensor
    weight: Tensor


def match(first: PatchMaps, second: PatchMaps, num: int) -> Matches:
    """Find pairs of patches that are each other's nearest, those with the most attention first.

    Args:
        first: Maps of the first image.
        second: Maps of the second image; their size may differ.
        num: Largest number of pairs to keep.

    Raises:
        ValueError: ``num`` is not positive.
    """
    if num < 1:
        raise ValueError(f'num={num} pairs: give at least 1')
    ours, theirs = (F.normalize(maps.tokens[0].flatten(0, 1).float(), dim=1) for maps in (first, second))
    similarity = ours @ theirs.T
    nearest = similarity.argmax(dim=1)
    mutual = (similarity.argmax(dim=0)[nearest] == torch.arange(len(ours), device=ours.device)).nonzero()[:, 0]
    pairs = mutual, nearest[mutual]
    attended = (
        maps.attention[0].mean(dim=0).flatten()[pair] for maps, pair in zip((first, second), pairs, strict=True)
    )
    weight = similarity[pairs].clamp(min=0) * torch.stack(list(attended)).prod(dim=0)
    best = weight.argsort(descending=True)[:num]
    return Matches(_place(pairs[0][best], first), _place(pairs[1][best], second), weight[best])


def _place(patches: Tensor, maps: PatchMaps) -> Tensor:
    """Return row and column of patches."""
    columns = maps.tokens.shape[2]
    return torch.stack([patches // columns, patches % columns], dim=1)


def correspondence_plot(
    path: Path | str, photographs: tuple[Tensor, Tensor], maps: tuple[PatchMaps, PatchMaps], matches: Matches
) -> None:
    """Write a PNG: two photographs side by side and a line for each match, stronger for heavier matches.

    Args:
        path: PNG file to write.
        photographs: Images ``[3, H, W]``, uint8, BGR.
        maps: Maps of both photographs.
        matches: Matches between the photographs.
    """
    figure = Figure(figsize=(10, 5))
    axes = figure.add_axes((0, 0, 1, 1))
    for left, photograph in zip((0, 1 + PHOTOGRAPH_GAP), photographs, strict=True):
        axes.imshow(to_rgb(photograph), extent=(left, left + 1, 1, 0), aspect='auto')
    starts, ends = (_centres(places, each) for places, each in zip(matches[:2], maps, strict=True))
    ends[:, 0] += 1 + PHOTOGRAPH_GAP
    strength = (matches.weight / matches.weight.max().clamp(min=1e-12)).sqrt().tolist()
    colours = colormaps['hsv'](np.linspace(0, 0.9, len(strength)))
    for start, end, share, colour in reversed(list(zip(starts, ends, strength, colours, strict=True))):
        line = np.stack([start, end])
        axes.plot(
            *line.T, color=colour, alpha=0.25 + 0.75 * share, linewidth=0.5 + 1.5 * share, marker='o', markersize=4
        )
    axes.set(xlim=(0, 2 + PHOTOGRAPH_GAP), ylim=(1, 0))
    axes.set_axis_off()
    figure.savefig(path, dpi=DPI)


def _centres(places: Tensor, maps: PatchMaps) -> np.ndarray:
    """Return x and y of the centres of patches, as shares of the image."""
    grid = torch.tensor(maps.tokens.shape[1:3], device=places.device)
    return ((places + 0.5) / grid).flip(1).cpu().numpy()
