"""Label propagation along a clip by similar features (Caron et al. 2021, section 4.2.2; Jabri et al. 2020, section 3).

Letters: F frames, K classes (background among them), h x w patches, C channels, n frames of context.
"""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor


@torch.no_grad()
def propagate(
    feats: Tensor,
    first_label: Tensor,
    num_last: int = 7,
    radius: int = 12,
    topk: int = 5,
    temperature: float = 0.1,
) -> Tensor:
    """Carry the labels of the first frame through a clip.

    A patch takes the labels of the patches most similar to it, weighted by a softmax, among those of the first frame
    and of the frames just before it that are at most ``radius`` patches away in each direction. The defaults are those
    of the official evaluation of DINO. Affinities are made row by row: never more than ``w x n x (2 radius + 1) x w``.

    Exactly ``topk`` patches vote. If several are as similar as the last of them, as in still clips, :func:`torch.topk`
    takes any of these; DINO's code lets all of them vote. Equal frames keep their labels in both.

    Args:
        feats: Features of patches ``[F, h, w, C]``, of any length; they are normalised here.
        first_label: Weights of classes in the first frame ``[K, h, w]``.
        num_last: Number of previous frames in the context besides the first.
        radius: Radius of the window, in patches.
        topk: Number of patches that vote.
        temperature: Temperature of the softmax over them.

    Returns:
        Weights of classes ``[F, K, h, w]``, with the sum of those of the first frame, e.g. 1.

    Raises:
        ValueError: Features and label do not fit, or a number is out of its range.
    """
    _check_shapes(feats, first_label)
    check_propagation(num_last, radius, topk, temperature)
    labels = torch.zeros(len(feats), *first_label.shape, device=feats.device)
    labels[0] = first_label
    for frame in range(1, len(feats)):
        context = [0, *range(max(1, frame - num_last), frame)]
        queries, keys = _unit(feats[frame]), _unit(feats[context]).transpose(0, 1).contiguous()
        known = labels[context].movedim(0, 2).contiguous()
        for row, query in enumerate(queries):
            near = slice(max(0, row - radius), row + radius + 1)
            similarity = _within(query @ keys[near].flatten(0, 2).T, radius)
            labels[frame, :, row] = _vote(similarity, known[:, near].flatten(1), topk, temperature)
    return labels


def _unit(feats: Tensor) -> Tensor:
    return F.normalize(feats.float(), dim=-1)


def _within(similarity: Tensor, radius: int) -> Tensor:
    """Set similarities ``[w, M * w]`` of a row's patches to M rows to minus infinity outside the window."""
    column = torch.arange(len(similarity), device=similarity.device)
    outside = (column[:, None] - column).abs() > radius
    similarity.view(len(column), -1, len(column)).masked_fill_(outside[:, None], -torch.inf)
    return similarity


def _vote(similarity: Tensor, labels: Tensor, topk: int, temperature: float) -> Tensor:
    """Return labels ``[K, w]`` of w patches from similarities ``[w, S]`` to S others with labels ``[K, S]``."""
    nearest = similarity.topk(min(topk, similarity.shape[1]), dim=1)
    weights = (nearest.values / temperature).softmax(dim=1)
    return torch.einsum('kvm,vm->kv', labels[:, nearest.indices], weights)


def _check_shapes(feats: Tensor, first_label: Tensor) -> None:
    if feats.ndim != 4 or first_label.ndim != 3 or feats.shape[1:3] != first_label.shape[1:]:
        raise ValueError(
            f'features {list(feats.shape)} and label {list(first_label.shape)} must be [F, h, w, C] and [K, h, w] '
            'of the same h and w'
        )


def check_propagation(num_last: int, radius: int, topk: int, temperature: float) -> None:
    """Raise ValueError if an argument of :func:`propagate` is out of its range."""
    if min(num_last, radius) < 0 or topk < 1 or not temperature > 0:  # also NaN
        raise ValueError(
            f'num_last={num_last} and radius={radius} must be at least 0, topk={topk} at least 1 and '
            f'temperature={temperature} above 0'
        )


def one_hot_patches(label_map: Tensor, num_classes: int, grid: tuple[int, int]) -> Tensor:
    """Return classes of patches ``[K, h, w]`` from a label map ``[H, W]``: the pixel at the middle of each patch."""
    nearest = _nearest(label_map, grid).to(label_map.device)
    return F.one_hot(nearest.long(), num_classes).movedim(-1, 0).float()


def to_label_map(weights: Tensor, frame_size: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Return the label of each pixel from the weights of classes of patches.

    The steps of the official evaluation of DINO: bilinear to the network's frame, each class stretched to [0, 1], the
    best class, then nearest to the size of the annotation. Of classes that are equally good the first counts. A class
    with the same weight everywhere is 0 here; the official code divides 0 by 0.

    Args:
        weights: ``[K, h, w]``.
        frame_size: Height and width in pixels of the network's frame.
        size: Height and width of the annotation.

    Returns:
        Labels ``[H, W]`` uint8, on the host.
    """
    smooth = F.interpolate(weights[None], frame_size, mode='bilinear', align_corners=False)[0]
    low, high = (smooth.flatten(1).aminmax(dim=1)[i][:, None, None] for i in (0, 1))
    spread = torch.where(high > low, high - low, 1)
    labels = ((smooth - low) / spread).max(dim=0).indices  # the first of equal classes; argmax is 10 times slower
    return _nearest(labels, size)


def _nearest(labels: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize labels ``[h, w]`` below 256 on the host by Pillow, as DINO does.

    From 832 to 854 columns torch's ``nearest-exact`` differs in one, where the middle of a pixel is the border of two.
    """
    image = Image.fromarray(labels.to('cpu', torch.uint8).numpy())
    return torch.from_numpy(np.array(image.resize((size[1], size[0]), Image.Resampling.NEAREST)))
