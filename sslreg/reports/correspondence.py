"""Parts of two photographs that correspond to each other, as on MaSSL's poster (arXiv 2407.17486)."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib import colormaps
from matplotlib.figure import Figure
from torch import Tensor

from .attention import Look, to_rgb
from .plots import DPI

GAP = 0.06  # between the photographs, in widths of one


class Matches(NamedTuple):
    """M pairs of patches, the heaviest first.

    Attributes:
        first: Row and column in the first image, ``[M, 2]``.
        second: Likewise in the second.
        weight: Cosine of the pair times the attention on both, ``[M]``.
    """

    first: Tensor
    second: Tensor
    weight: Tensor


def match(first: Look, second: Look, num: int) -> Matches:
    """Patches that are each other's nearest, of two images; those that the class token attends to come first.

    Args:
        first: Of one image.
        second: Of one image; its patches may be of another number.
        num: Pairs to keep at most.

    Raises:
        ValueError: ``num`` is not positive.
    """
    if num < 1:
        raise ValueError(f'num={num} pairs: give at least 1')
    ours, theirs = (F.normalize(seen.tokens[0].flatten(0, 1).float(), dim=1) for seen in (first, second))
    similarity = ours @ theirs.T
    nearest = similarity.argmax(dim=1)
    mutual = (similarity.argmax(dim=0)[nearest] == torch.arange(len(ours), device=ours.device)).nonzero()[:, 0]
    pairs = mutual, nearest[mutual]
    attended = (
        seen.attention[0].mean(dim=0).flatten()[pair] for seen, pair in zip((first, second), pairs, strict=True)
    )
    weight = similarity[pairs].clamp(min=0) * torch.stack(list(attended)).prod(dim=0)
    best = weight.argsort(descending=True)[:num]
    return Matches(_place(pairs[0][best], first), _place(pairs[1][best], second), weight[best])


def _place(patches: Tensor, seen: Look) -> Tensor:
    columns = seen.tokens.shape[2]
    return torch.stack([patches // columns, patches % columns], dim=1)


def correspondence_plot(
    path: Path | str, photographs: tuple[Tensor, Tensor], looks: tuple[Look, Look], matches: Matches
) -> None:
    """Write a PNG: two photographs side by side and a line for each match, stronger for heavier ones.

    Args:
        path: The PNG to write.
        photographs: ``[3, H, W]`` uint8, BGR.
        looks: At them.
        matches: Between them.
    """
    figure = Figure(figsize=(10, 5))
    axes = figure.add_axes((0, 0, 1, 1))
    for left, photograph in zip((0, 1 + GAP), photographs, strict=True):
        axes.imshow(to_rgb(photograph), extent=(left, left + 1, 1, 0), aspect='auto')
    starts, ends = (_centres(places, seen) for places, seen in zip(matches[:2], looks, strict=True))
    ends[:, 0] += 1 + GAP
    strength = (matches.weight / matches.weight.max().clamp(min=1e-12)).sqrt().tolist()
    colours = colormaps['hsv'](np.linspace(0, 0.9, len(strength)))
    for start, end, share, colour in reversed(list(zip(starts, ends, strength, colours, strict=True))):
        line = np.stack([start, end])
        axes.plot(
            *line.T, color=colour, alpha=0.25 + 0.75 * share, linewidth=0.5 + 1.5 * share, marker='o', markersize=4
        )
    axes.set(xlim=(0, 2 + GAP), ylim=(1, 0))
    axes.set_axis_off()
    figure.savefig(path, dpi=DPI)


def _centres(places: Tensor, seen: Look) -> np.ndarray:
    """x and y of patches, as shares of the image."""
    grid = torch.tensor(seen.tokens.shape[1:3], device=places.device)
    return ((places + 0.5) / grid).flip(1).cpu().numpy()
