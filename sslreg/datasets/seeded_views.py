"""Repeatable views from pipelines of other libraries."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sslreg.arguments import PositiveInt, checked
from sslreg.registry import DATASETS

from .repeats import current_occurrence


@DATASETS.register_module()
class SeededViews(Dataset[dict[str, Any]]):
    """Several views of each image of a dataset, seeded by a key, the image, its occurrence and the number of the view.

    Use it for pipelines of other libraries: their transforms draw from the generators of Python, numpy and torch.
    These are seeded for each view and restored afterwards, so views do not depend on workers or batches. If the
    dataset gives a list of views, its first view is taken.

    Args:
        dataset: A dataset or its config; items have ``inputs``, an image or a list of views.
        num: Number of views of each image.
    """

    @checked
    def __init__(self, dataset: Any, num: PositiveInt) -> None:
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        self.num = num
        self.pipeline = getattr(self.dataset, 'pipeline', None)
        self.key: tuple[int, ...] = (0, 0)

    def set_key(self, key: tuple[int, ...] | None) -> None:
        """Seed the views by a key from now on.

        Args:
            key: (seed, epoch), of a dataset behind others also its number; None stands for (0, 0).
        """
        self.key = key or (0, 0)

    def get_data_info(self, index: int) -> dict[str, Any]:
        """Return the dataset's own information on an image, if it has any, with the index of the image."""
        info = self.dataset.get_data_info(index) if hasattr(self.dataset, 'get_data_info') else {}
        return dict(info, sample_idx=index)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return dict(inputs=[self._view(index, number) for number in range(self.num)], data_samples=index)

    def _view(self, index: int, number: int) -> Tensor:
        again = current_occurrence(index)
        with seeded(*self.key, index, number, *((again, 0, 0) if again else ())):  # longer than any other key
            inputs = self.dataset[index]['inputs']
        view: Tensor = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
        return view


@contextmanager
def seeded(*key: int) -> Iterator[None]:
    """Run the body with the CPU generators of Python, numpy and torch seeded by a key, and restore them.

    Args:
        *key: Non-negative integers.
    """
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
