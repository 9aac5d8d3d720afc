from typing import Any

from mmengine.dataset import default_collate


def collate(batch: Any) -> Any:
    """Images stacked to a batch by MMEngine's ``default_collate``; a batch that a dataset made as a whole as it is."""
    return batch if isinstance(batch, dict) else default_collate(batch)
