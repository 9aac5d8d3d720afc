"""Formulas of SSLMem, how much an encoder memorised an image (arXiv 2401.12233, section 3), and its forms."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sslreg.models.ops.alignment import Distance, distance


def image_alignment(images: Tensor, views: Tensor, kind: Distance = 'l2', normalized: bool = True) -> Tensor:
    """Return alignment ``[B]`` as in the released code: mean distance of the image without augmentation to its views.

    Args:
        images: Representations without augmentation, ``[B, D]``.
        views: Representations of n views, ``[n, B, D]``.
        kind: Kind of distance.
        normalized: Whether representations are scaled to unit length first.
    """
    if normalized:
        images, views = F.normalize(images, dim=-1), F.normalize(views, dim=-1)
    return distance(images, views, kind).mean(dim=0)


def sslmem(of_f: Tensor, of_g: Tensor) -> Tensor:
    """Return SSLMem = g - f of each image: by how much the alignment by g, which never saw it, is worse than by f.

    A positive score means that f memorised the image, a negative one that g did.

    Args:
        of_f: Alignment by f, ``[..., N]``.
        of_g: Alignment by g, ``[..., N]``.
    """
    return of_g - of_f


def relative_sslmem(of_f: Tensor, of_g: Tensor) -> Tensor:
    """Return SSLMem' = (g - f) / (g + f) of each image, in [-1, 1]; it compares layers, models and data sets.

    LayerMem is its mean (arXiv 2409.19069). It is 0 where both alignments are 0.

    Args:
        of_f: Alignment by f, ``[..., N]``.
        of_g: Alignment by g, ``[..., N]``.
    """
    total = of_g + of_f
    return (of_g - of_f) / torch.where(total > 0, total, 1)


def layermem(of_f: Tensor, of_g: Tensor) -> Tensor:
    """Return LayerMem of L layers, ``[L]``: the mean of SSLMem' over the images (arXiv 2409.19069).

    Args:
        of_f: Alignment by f, ``[L, N]``.
        of_g: Alignment by g, ``[L, N]``.
    """
    return relative_sslmem(of_f, of_g).mean(dim=1)


def delta_layermem(memorised: Tensor) -> Tensor:
    """Return Delta-LayerMem ``[L - 1]``: LayerMem of each layer, from the second on, minus that of the layer before.

    Args:
        memorised: LayerMem ``[L]`` in the order in which the network runs the layers.
    """
    return memorised.diff()


def range_normalized(scores: Tensor) -> Tensor:
    """Divide scores ``[N]`` by the range that they span, so that 0 stays 0 (released code).

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
