"""Transforms of a pipeline that make several views of an image."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmpretrain.datasets.transforms import PackInputs
from torch import Tensor

from sslreg.datasets.repeats import current_occurrence
from sslreg.registry import TRANSFORMS

from .colors import advise_compiling, change_colors
from .colors.columns import COLUMNS
from .crop import resized_crop
from .recipe import Recipe


class ViewsForPackViews(NamedTuple):
    """Views of an image and the colour changes that the device has still to apply to them.

    mmpretrain's PackInputs would drop the colour changes; it refuses this type and names it in its error.

    Attributes:
        views: V views ``[3, size, size]`` uint8 BGR.
        color: ``[V, COLUMNS]`` float32.
    """

    views: list[Tensor]
    color: np.ndarray


@TRANSFORMS.register_module()
class MultiCrop(BaseTransform):
    """All views of an image: cropped, resized and flipped by the worker, coloured on the model's device.

    The image is decoded once, and workers return eight-bit views together with their colour settings (``color``,
    packed by :class:`PackViews`); the model's :class:`ViewPreprocessor` applies these. All random numbers depend on
    (seed, epoch, index of the image, how often it has come): see :class:`EpochSeedHook`.

    Args:
        views: Configs of :class:`sslreg.datasets.views.View`, e.g. ``[dict(size=224, num=2), dict(size=96, num=10)]``.
    """

    def __init__(self, views: Sequence[dict[str, Any]]) -> None:
        self.recipe = Recipe(views)
        self.set_key = self.recipe.set_key  # EpochSeedHook calls it through set_view_key

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace ``img`` by :class:`ViewsForPackViews`."""
        image = np.ascontiguousarray(results['img'])
        place = (results['sample_idx'], *image.shape[:2], current_occurrence())
        boxes, flips, color = (values[0] for values in self.recipe.draw(*(np.array([x]) for x in place)))
        views = [
            resized_crop(image, box, view.size, flip, view.interpolation)
            for view, box, flip in zip(self.recipe.views, boxes, flips, strict=True)
        ]
        results['img'] = ViewsForPackViews(views, color)
        return results


@TRANSFORMS.register_module()
class ColoredMultiCrop(MultiCrop):
    """:class:`MultiCrop` that changes the colours in the worker, too.

    numba (the extra ``fast``) compiles the colour changes; without it torchvision does the same, more slowly.
    """

    def __init__(self, views: Sequence[dict[str, Any]]) -> None:
        super().__init__(views)
        advise_compiling()
        change_colors(np.zeros((3, 1, 1), np.uint8), np.zeros(COLUMNS, np.float32))  # compile before workers start

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Replace ``img`` by the list of its views, ``[3, size, size]`` uint8 BGR."""
        results = super().transform(results)
        for view, color in zip(*results['img'], strict=True):
            change_colors(view.numpy(), color)
        results['img'] = results['img'].views
        return results


@TRANSFORMS.register_module()
class PackViews(PackInputs):
    """mmpretrain's PackInputs that also packs the colour settings of views, if the device is to apply them."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return ``inputs``, ``data_samples`` and, after :class:`MultiCrop`, ``color [V, COLUMNS]``."""
        views = results['img']
        if not isinstance(views, ViewsForPackViews):
            packed: dict[str, Any] = super().transform(results)
            return packed
        packed = super().transform(results | dict(img=views.views))
        return packed | dict(color=torch.from_numpy(views.color))
