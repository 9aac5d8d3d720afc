"""How much an encoder memorised an image: SSLMem (arXiv 2401.12233, section 3) and its forms."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sslreg.models.ops.alignment import Distance, distance


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
