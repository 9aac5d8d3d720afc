"""Formulas of UnitMem and ClassMem, how much single units memorise (arXiv 2409.19069)."""

from typing import Literal, get_args

import torch
from torch import Tensor

Rest = Literal['mean', 'median']
RESTS: tuple[Rest, ...] = get_args(Rest)


def unitmem(activations: Tensor, rest: Rest = 'mean') -> Tensor:
    """Return UnitMem ``[U]`` = (max - rest) / (max + rest): how much more one image excites a unit than the others do.

    It is 0 for a unit that all images excite alike or that none excites, and 1 for one that a single image excites.

    Args:
        activations: Activations of N images, each the mean over its augmentations, ``[N, U]``; not negative, as after
            a ReLU.
        rest: How the other N - 1 images are summarised: their mean as in the formula, or their median as in the
            released code.

    Raises:
        ValueError: Fewer than 2 images, negative activations, or an unknown ``rest``.
    """
    if len(activations) < 2:
        raise ValueError(f'{len(activations)} image has no others to be compared with')
    if activations.min() < 0:
        raise ValueError(
            f'activations down to {float(activations.min()):g} are negative, for which UnitMem has no bounds: '
            'take those behind a ReLU'
        )
    ordered = activations.sort(dim=0).values
    most, others = ordered[-1], ordered[:-1]
    if rest == 'mean':
        usual = others.mean(dim=0)
    elif rest == 'median':
        usual = (others[(len(others) - 1) // 2] + others[len(others) // 2]) / 2  # quantile() has a limit of size
    else:
        raise ValueError(f'rest={rest!r} must be one of {", ".join(map(repr, RESTS))}')
    total = most + usual
    return (most - usual) / torch.where(total > 0, total, 1)


def classmem(activations: Tensor, labels: Tensor, rest: Rest = 'mean') -> Tensor:
    """Return ClassMem ``[U]``: :func:`unitmem` of the classes' mean activations; on test images class selectivity.

    Args:
        activations: Activations of images without augmentation, ``[N, U]``.
        labels: ``[N]``; classes without images do not count.
        rest: How the other classes are summarised.
    """
    _, means = class_means(activations, labels)
    return unitmem(means, rest)


def class_means(activations: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return the classes ``[K]`` of images with labels ``[N]``, and the means ``[K, U]`` of their rows ``[N, U]``."""
    classes, place = labels.unique(return_inverse=True)
    sums = activations.new_zeros(len(classes), activations.shape[1]).index_add_(0, place, activations)
    return classes, sums / place.bincount()[:, None]
