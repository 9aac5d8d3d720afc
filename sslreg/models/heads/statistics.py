import torch
from torch import Tensor


@torch.no_grad()
def spread(queries: Tensor) -> Tensor:
    """How far embeddings ``[V, B, D]`` of unit norm spread over the batch, mean over views: ``[]``.

    Root of the summed variance: 1 for directions with zero mean, 0 after a collapse.
    """
    return queries.float().var(dim=1, correction=0).sum(dim=-1).sqrt().mean()
