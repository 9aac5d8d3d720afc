"""Datasets of small images whose views are made one batch at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from sslreg.datasets.found_data import report_foreign
from sslreg.datasets.repeats import current_occurrence
from sslreg.registry import DATASETS

from .batched_crops import cut_views
from .colors import advise_compiling
from .recipe import Recipe


class WholeBatch(dict[Any, Any]):
    """Batch that a loader must not collate again."""

    def __missing__(self, key: Any) -> Any:
        raise TypeError(
            f'a batch of BatchedViews has no item {key!r}: its loader needs '
            'collate_fn=dict(type=collate) of sslreg.datasets'
        )


@DATASETS.register_module()
class BatchedViews(Dataset[dict[str, Any]]):
    """Small images, decoded once and kept in memory; views are made one batch at a time.

    Use it for datasets like CIFAR, where a pipeline's overhead per image costs more than its views. The loader needs
    ``collate_fn=dict(type=collate)`` of sslreg.datasets; ``data_samples`` of a batch are the images' indices. Put a
    dataset that repeats or concatenates others inside, as ``dataset``.

    Args:
        dataset: A dataset or its config; items have ``img``, uint8 ``[H, W, 3]`` BGR, all of one size.
        views: Configs of :class:`sslreg.datasets.views.View`.

    Raises:
        ValueError: The images differ in size, or are not uint8 with three channels.
    """

    reads_occurrences = True  # of RepeatedIndex

    def __init__(self, dataset: Any, views: Sequence[dict[str, Any]]) -> None:
        dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        self.recipe = Recipe(views)
        self.set_key = self.recipe.set_key
        self.metainfo = getattr(dataset, 'metainfo', {})
        self.images = decode_all(dataset)
        report_foreign(dataset)
        advise_compiling()
        self[0]  # compile before workers start

    def __len__(self) -> int:
        return len(self.images)

    def get_data_info(self, index: int) -> dict[str, Any]:
        """Return an image as it is stored, ``[3, W, H]``, with its index."""
        return dict(img=self.images[index], sample_idx=index)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return V views ``[3, size, size]`` of one image and its index."""
        batch = self.__getitems__([index])
        return dict(inputs=[view[0] for view in batch['inputs']], data_samples=index)

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Any]:
        """Return ``inputs``, V views ``[B, 3, size, size]`` uint8 BGR, and ``data_samples``, the indices ``[B]``."""
        chosen = np.asarray(indices)
        images = self.images[chosen]
        width, height = (np.full(len(chosen), side) for side in images.shape[2:])
        occurrences = np.array([current_occurrence(index) for index in indices])
        boxes, flips, color = self.recipe.draw(chosen, height, width, occurrences)
        inputs = []
        for number, view in enumerate(self.recipe.views):
            cut = np.empty((len(chosen), 3, view.size, view.size), np.uint8)
            cut_views(
                images, boxes[:, number], flips[:, number], color[:, number], view.interpolation == 'bicubic', cut
            )
            inputs.append(torch.from_numpy(cut))
        return WholeBatch(inputs=inputs, data_samples=torch.from_numpy(chosen))


@DATASETS.register_module()
class LabelledViews(BatchedViews):
    """:class:`BatchedViews` for supervised training: its batches also have the images' classes, ``labels [B]``.

    Args:
        dataset: As in :class:`BatchedViews`; its items have ``gt_label``.
        views: As in :class:`BatchedViews`.

    Raises:
        ValueError: The dataset has no labels; or as in :class:`BatchedViews`.
    """

    def __init__(self, dataset: Any, views: Sequence[dict[str, Any]]) -> None:
        dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        infos = [dataset.get_data_info(i) for i in range(len(dataset))]
        if 'gt_label' not in infos[0]:
            raise ValueError(f'{type(dataset).__name__} has no labels: set with_label=True, or take BatchedViews')
        self.labels = np.array([info['gt_label'] for info in infos])
        super().__init__(dataset, views)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return dict(super().__getitem__(index), labels=self.labels[index])

    def __getitems__(self, indices: Sequence[int]) -> dict[str, Any]:
        batch = super().__getitems__(indices)
        batch['labels'] = torch.from_numpy(self.labels[np.asarray(indices)])
        return batch


def decode_all(dataset: Any) -> np.ndarray:
    """Return all images of a dataset, ``[N, 3, W, H]`` uint8, columns first as ``cut_views`` reads them.

    Args:
        dataset: Items have ``img``, uint8 ``[H, W, 3]``, all of one size.
    """
    first = np.asarray(dataset[0]['img'])
    images = np.empty((len(dataset), *first.shape[::-1]), np.uint8)
    for i in range(len(images)):
        image = np.asarray(dataset[i]['img'])
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f'image {i} is {image.dtype} {list(image.shape)}: BatchedViews takes uint8 [H, W, 3]')
        if image.shape != first.shape:
            raise ValueError(
                f'image {i} is {image.shape[0]} x {image.shape[1]} pixels and image 0 is {first.shape[0]} x '
                f'{first.shape[1]}: BatchedViews takes images of one size, for others use MultiCrop in a pipeline'
            )
        images[i] = image.transpose(2, 1, 0)
    return images
