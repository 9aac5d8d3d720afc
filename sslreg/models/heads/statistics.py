"""Statistics of embeddings that heads log."""

import torch
from torch import Tensor


@torch.no_grad()
def spread(queries: Tensor) -> Tensor:
    """Return the spread of unit-norm embeddings ``[V, B, D]`` over the batch, mean over views: ``[]``.

    It is the root of the summed variance: 1 for directions with zero mean, 0 after a collapse.
    """
    return queries.float().var(dim=1, correction=0).sum(dim=-1).sqrt().mean()
