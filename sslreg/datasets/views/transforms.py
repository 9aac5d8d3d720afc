from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmpretrain.datasets.transforms import PackInputs
from torch import Tensor

from sslreg.registry import TRANSFORMS

from .color import advise_compiling, change_colors
from .crop import resized_crop
from .recipe import COLUMNS, Recipe


class ViewsForPackViews(NamedTuple):
    """V views ``[3, size, size]`` uint8 BGR whose colours are yet to change, and how: ``[V, COLUMNS]`` float32.

    mmpretrain's PackInputs, which would forget the colours, refuses it by its name.
    """

    views: list[Tensor]
    color: np.ndarray


@TRANSFORMS.register_module()
class MultiCrop(BaseTransform):
    """All views of an image: cut out, resized and flipped here; their colours change on the model's device.

    The image is decoded once, and workers hand on eight-bit views. What is to happen to the colours goes with them
    (``color``, packed by :class:`PackViews`) and is done by the model's :class:`ViewPreprocessor`. Everything random
    comes from (seed, epoch, index of the image): see :class:`EpochSeedHook`.

    Args:
        views: Configs of :class:`sslreg.datasets.views.View`, e.g. ``[dict(size=224, num=2), dict(size=96, num=10)]``.
    """

    def __init__(self, views: Sequence[dict[str, Any]]) -> None:
        self.recipe = Recipe(views)
        self.set_key = self.recipe.set_key

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        image = np.ascontiguousarray(results['img'])
        index, height, width = (np.array([x]) for x in (results['sample_idx'], *image.shape[:2]))
        boxes, flips, color = (drawn[0] for drawn in self.recipe.draw(index, height, width))
        views = [
            resized_crop(image, box, view.size, flip, view.interpolation)
            for view, box, flip in zip(self.recipe.views, boxes, flips, strict=True)
        ]
        results['img'] = ViewsForPackViews(views, color)
        return results


@TRANSFORMS.register_module()
class ColoredMultiCrop(MultiCrop):
    """:class:`MultiCrop` whose views have their colours changed here too: compiled by numba (the extra ``fast``)
    or, more slowly and with the same result, by torchvision.
    """

    def __init__(self, views: Sequence[dict[str, Any]]) -> None:
        super().__init__(views)
        advise_compiling()
        change_colors(np.zeros((3, 1, 1), np.uint8), np.zeros(COLUMNS, np.float32))  # compiled before workers start

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        results = super().transform(results)
        for view, color in zip(*results['img'], strict=True):
            change_colors(view.numpy(), color)
        results['img'] = results['img'].views
        return results


@TRANSFORMS.register_module()
class PackViews(PackInputs):
    """mmpretrain's PackInputs that takes along what is to happen to the colours, where it is left to the device."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        views = results['img']
        if not isinstance(views, ViewsForPackViews):
            packed: dict[str, Any] = super().transform(results)
            return packed
        packed = super().transform(results | dict(img=views.views))
        return packed | dict(color=torch.from_numpy(views.color))
