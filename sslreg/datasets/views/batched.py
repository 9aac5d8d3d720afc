from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sslreg.registry import DATASETS

from .color import advise_compiling
from .recipe import Recipe
from .small import cut_views


@DATASETS.register_module()
class BatchedViews(Dataset[dict[str, Any]]):
    """Small images, decoded once at the start and held in memory, whose views are made a whole batch at a time.

    For CIFAR and the like, where a pipeline's overhead for an image costs more than its views. It needs a loader with
    ``collate_fn=dict(type=collate)`` of sslreg.datasets; a batch then has the images' indices for ``data_samples``.
    Everything random comes from (seed, epoch, index): see :class:`EpochSeedHook`.

    Args:
        dataset: A dataset, or its config, whose items have ``img``, uint8 ``[H, W, 3]`` BGR, all of one size.
        views: Configs of :class:`sslreg.datasets.views.View`.

    Raises:
        ValueError: The images are not of one size.
    """

    def __init__(self, dataset: Any, views: Sequence[dict[str, Any]]) -> None:
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        self.recipe = Recipe(views)
        self.metainfo = getattr(self.dataset, 'metainfo', {})
        self.key = (0, 0)
        self.images = self._decode()
        advise_compiling()
        self[0]  # what is compiled is compiled before workers start

    def _decode(self) -> np.ndarray:
        """``[N, 3, W, H]``: columns first, as they are cut."""
        first = np.asarray(self.dataset[0]['img'])
        images = np.empty((len(self.dataset), *first.shape[::-1]), np.uint8)
        for i in range(len(images)):
            image = self.dataset[i]['img']
            if image.shape != first.shape:
                raise ValueError(
                    f'image {i} is {image.shape[0]} x {image.shape[1]} pixels and image 0 is {first.shape[0]} x '
                    f'{first.shape[1]}: BatchedViews takes images of one size, for others use MultiCrop in a pipeline'
                )
            images[i] = image.transpose(2, 1, 0)
        return images

    def __len__(self) -> int:
        return len(self.images)

    def set_epoch(self, seed: int, epoch: int) -> None:
        """Draw from these from now on."""
        self.key = (seed, epoch)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.__getitems__([index])

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Any]:
        """A batch: ``inputs``, V views ``[B, 3, size, size]`` uint8 BGR, and ``data_samples``, the indices ``[B]``."""
        chosen = np.asarray(indices)
        images = self.images[chosen]
        width, height = (np.full(len(chosen), side) for side in images.shape[2:])
        boxes, flips, color = self.recipe.draw(chosen, height, width, self.key)
        inputs = []
        for place, view in enumerate(self.recipe.views):
            cut = np.empty((len(chosen), 3, view.size, view.size), np.uint8)
            cut_views(images, boxes[:, place], flips[:, place], color[:, place], view.interpolation == 'bicubic', cut)
            inputs.append(torch.from_numpy(cut))
        return dict(inputs=inputs, data_samples=torch.from_numpy(chosen))


def sample_indices(data_samples: Any) -> Tensor:
    """Index in its dataset of each image of a batch, ``[B]`` on the host.

    Args:
        data_samples: What a batch has of this name: samples that carry ``sample_idx``; or the indices themselves.
    """
    if isinstance(data_samples, Tensor):
        return data_samples
    return torch.tensor([sample.sample_idx for sample in data_samples])
