"""Collate function for datasets of single images and of whole batches."""

from typing import Any

import torch
from mmengine.dataset import default_collate
from torch import Tensor


def collate(batch: Any) -> Any:
    """Return a batch made by its dataset unchanged; stack single images by MMEngine's ``default_collate``.

    Args:
        batch: A dict made by the dataset, or a list of items.
    """
    return batch if isinstance(batch, dict) else default_collate(batch)


def sample_indices(data_samples: Any) -> Tensor:
    """Return the dataset index of each image of a batch, ``[B]`` on the host.

    :class:`ViewPreprocessor` calls this once for each batch; models and :func:`collect` get the indices from it.

    Args:
        data_samples: Value of this name in a collated batch: samples with ``sample_idx``, or the indices themselves.
    """
    if isinstance(data_samples, Tensor):
        return data_samples
    return torch.tensor([sample.sample_idx for sample in data_samples])
