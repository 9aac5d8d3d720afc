"""The alignment of views (arXiv 2401.12233, Eq. 1 and 3) written plainly: one image, one pair of views at a time."""

import math
from itertools import combinations

import torch
from torch import Tensor

DISTANCES = {
    'l2': lambda a, b: ((a - b) ** 2).sum() ** 0.5,
    'l1': lambda a, b: (a - b).abs().sum(),
    'cosine': lambda a, b: 1 - cosine(a, b),
    'angular': lambda a, b: torch.acos(cosine(a, b)) / math.pi,
}


def cosine(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum() / ((a**2).sum() ** 0.5 * (b**2).sum() ** 0.5)


def alignment(views: Tensor, distance: str) -> Tensor:
    """Average over images and pairs of their views; ``[S, B, D] -> []``."""
    return torch.stack(
        [DISTANCES[distance](a, b) for image in views.unbind(dim=1) for a, b in combinations(image, 2)]
    ).mean()


def released_term(a: Tensor, b: Tensor) -> Tensor:
    """Return the term that the released code subtracts, for one image's two vectors."""
    return torch.arcsin(cosine(a, b)) / math.pi
