"""Collate function for datasets of single images and of whole batches."""

from typing import Any

from mmengine.dataset import default_collate


def collate(batch: Any) -> Any:
    """Return a batch made by its dataset unchanged; stack single images by MMEngine's ``default_collate``.

    Args:
        batch: A dict made by the dataset, or a list of items.
    """
    return batch if isinstance(batch, dict) else default_collate(batch)
