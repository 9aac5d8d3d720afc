"""Order in which images are left out of a training, or units of a network: by their scores, or random."""

from typing import Literal, get_args

import torch
from torch import Tensor

Order = Literal['most', 'random', 'least']
ORDERS: tuple[Order, ...] = get_args(Order)
NONE = 'none'  # order of a run from which nothing was taken away


def ranking(scores: Tensor, order: str, rng: torch.Generator) -> Tensor:
    """Return places ``[N]`` in the order in which they are taken away: the first n are among the first n + 1.

    Of equal scores the earlier place counts as more memorised; ``'least'`` is ``'most'`` from its end.

    Args:
        scores: ``[N]``, the higher the more memorised.
        order: One of :data:`ORDERS`.
        rng: Generator of the order ``'random'``.

    Raises:
        ValueError: The order is unknown.
    """
    if order not in ORDERS:
        raise ValueError(f'order={order!r} must be one of {", ".join(map(repr, ORDERS))}')
    if order == 'random':
        return torch.randperm(len(scores), generator=rng)
    most = scores.argsort(descending=True, stable=True)
    return most if order == 'most' else most.flip(0)
