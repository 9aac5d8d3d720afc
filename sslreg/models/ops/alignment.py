"""Alignment of an image's views (arXiv 2401.12233, Eq. 1), for memorisation scores and alignment losses."""

from itertools import combinations
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

Distance = Literal['l2', 'l1', 'cosine', 'angular']
DISTANCES: tuple[Distance, ...] = get_args(Distance)


def distance(a: Tensor, b: Tensor, kind: Distance = 'l2') -> Tensor:
    """Return the distances ``[...]`` of representations ``[..., D]``.

    Args:
        a: Representations ``[..., D]``.
        b: Representations ``[..., D]``.
        kind: ``'l2'``, ``'l1'``, ``'cosine'`` (1 - cos) or ``'angular'`` (the angle divided by pi). The last two ignore
            the lengths of the vectors.

    Raises:
        ValueError: ``kind`` is unknown.
    """
    if kind in ('l2', 'l1'):
        return torch.linalg.vector_norm(a - b, ord=int(kind[1]), dim=-1)
    if kind not in DISTANCES:
        raise ValueError(f'distance={kind!r} must be one of {", ".join(map(repr, DISTANCES))}')
    a, b = F.normalize(a, dim=-1), F.normalize(b, dim=-1)
    if kind == 'cosine':
        return 1 - (a * b).sum(dim=-1)
    chord = torch.linalg.vector_norm(a - b, dim=-1)  # arccos has no digits left where the angle is small
    return 2 / torch.pi * torch.atan2(chord, torch.linalg.vector_norm(a + b, dim=-1))


def view_alignment(views: Tensor, kind: Distance = 'l2', normalized: bool = True) -> Tensor:
    """Return the alignment ``[B]`` of each image: the mean distance of all pairs of its views (0: perfectly aligned).

    It is an unbiased estimate of E d(f(x'), f(x'')) over independent augmentations x', x'' (arXiv 2401.12233, Eq. 1).

    Args:
        views: Representations of n views of each image, ``[n, B, D]``.
        kind: Kind of distance, see :func:`distance`.
        normalized: Whether to bring the representations to unit length first.

    Raises:
        ValueError: There is only one view.
    """
    if len(views) < 2:
        raise ValueError(f'{len(views)} view of an image has no other to be compared with: take 2 at least')
    views = F.normalize(views, dim=-1) if normalized else views
    pairs = list(combinations(range(len(views)), 2))
    return sum((distance(views[i], views[j], kind) for i, j in pairs), views.new_zeros(views.shape[1])) / len(pairs)
