import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sslreg.registry import DATASETS


@DATASETS.register_module()
class SeededViews(Dataset[dict[str, Any]]):
    """The first view that a dataset gives of an image, several times, each drawn from a key, the image and its number.

    For pipelines of others, whose transforms draw from the generators of Python, numpy and torch: these are seeded
    for each view, and left as they were found. Neither workers nor batches matter to the views then.

    Args:
        dataset: A dataset, or its config, whose items have ``inputs``: an image, or a list of views.
        num: Views of each image.
    """

    def __init__(self, dataset: Any, num: int) -> None:
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        self.num = num
        self.pipeline = getattr(self.dataset, 'pipeline', None)
        self.key: tuple[int, int] = (0, 0)

    def set_key(self, key: tuple[int, int] | None) -> None:
        """Draw from (seed, epoch) from now on; by None from (0, 0)."""
        self.key = key or (0, 0)

    def get_data_info(self, index: int) -> dict[str, Any]:
        info: dict[str, Any] = self.dataset.get_data_info(index)
        return info

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return dict(inputs=[self._view(index, number) for number in range(self.num)], data_samples=index)

    def _view(self, index: int, number: int) -> Tensor:
        with seeded(*self.key, index, number):
            inputs = self.dataset[index]['inputs']
        view: Tensor = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
        return view


@contextmanager
def seeded(*key: int) -> Iterator[None]:
    """Run the body with the generators of Python, numpy and torch (on the host) seeded by a key."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    seed = int(np.random.SeedSequence(key).generate_state(1)[0])
    random.seed(seed)
    np.random.seed(seed)
    torch.random.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
