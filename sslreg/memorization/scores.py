"""How much an encoder memorised an image: SSLMem (arXiv 2401.12233, section 3) and its forms."""

from itertools import combinations
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

Distance = Literal['l2', 'l1', 'cosine', 'angular']
DISTANCES: tuple[Distance, ...] = get_args(Distance)


def distance(a: Tensor, b: Tensor, kind: Distance = 'l2') -> Tensor:
    """Distances ``[...]`` of representations ``[..., D]``.

    ``'cosine'`` is 1 - cos, ``'angular'`` the angle divided by pi. Both have no use for lengths.

    Raises:
        ValueError: An unknown kind.
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
    """Alignment ``[B]`` of each image: the mean distance of all pairs of its views, the smaller the better aligned.

    An unbiased estimate of E d(f(x'), f(x'')) over independent augmentations x', x'' (arXiv 2401.12233, Eq. 1).

    Args:
        views: Representations of n views of each image, ``[n, B, D]``.
        kind: Of distance.
        normalized: Whether representations are brought to unit length before.

    Raises:
        ValueError: There is only one view.
    """
    if len(views) < 2:
        raise ValueError(f'{len(views)} view of an image has no other to be compared with: take 2 at least')
    views = F.normalize(views, dim=-1) if normalized else views
    pairs = list(combinations(range(len(views)), 2))
    return sum((distance(views[i], views[j], kind) for i, j in pairs), views.new_zeros(views.shape[1])) / len(pairs)


def image_alignment(images: Tensor, views: Tensor, kind: Distance = 'l2', normalized: bool = True) -> Tensor:
    """Alignment ``[B]`` as the released code has it: the mean distance of an image as it is to its views.

    Args:
        images: Representations without augmentation, ``[B, D]``.
        views: Of n views, ``[n, B, D]``.
        kind: Of distance.
        normalized: Whether representations are brought to unit length before.
    """
    if normalized:
        images, views = F.normalize(images, dim=-1), F.normalize(views, dim=-1)
    return distance(images, views, kind).mean(dim=0)


def sslmem(of_f: Tensor, of_g: Tensor) -> Tensor:
    """SSLMem of each image: by how much the encoder g, which never saw it, aligns it worse than f, which did.

    Positive: memorised by f; negative: by g.

    Args:
        of_f, of_g: Alignment by f and g, ``[..., N]``.
    """
    return of_g - of_f


def relative_sslmem(of_f: Tensor, of_g: Tensor) -> Tensor:
    """SSLMem' = (g - f) / (g + f) of each image, in [-1, 1]; for comparisons of layers, models and data sets.

    The form of LayerMem (arXiv 2409.19069). 0 where both are 0.

    Args:
        of_f, of_g: Alignment by f and g, ``[..., N]``.
    """
    total = of_g + of_f
    return (of_g - of_f) / torch.where(total > 0, total, 1)


def layermem(of_f: Tensor, of_g: Tensor) -> Tensor:
    """LayerMem of L layers, ``[L]``: the mean of SSLMem' over the images (arXiv 2409.19069).

    Args:
        of_f, of_g: Alignment by f and g, ``[L, N]``.
    """
    return relative_sslmem(of_f, of_g).mean(dim=1)


def delta_layermem(memorised: Tensor) -> Tensor:
    """Delta-LayerMem ``[L - 1]``: by how much each layer memorises more than the one before it, from the second on.

    Args:
        memorised: LayerMem ``[L]`` in the order in which the network runs the layers.
    """
    return memorised.diff()


def range_normalized(scores: Tensor) -> Tensor:
    """Scores ``[N]`` divided by the range that they span, so that 0 stays 0 (released code).

    Raises:
        ValueError: All scores are equal.
    """
    spread = scores.max() - scores.min()
    if not spread > 0:
        raise ValueError(
            f'all {len(scores)} scores are {float(scores[0]):g}, which have no range to divide by: '
            'are f and g one network?'
        )
    return scores / spread
