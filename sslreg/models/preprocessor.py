from itertools import groupby
from typing import Any

import torch
from mmpretrain.models import SelfSupDataPreprocessor
from mmpretrain.structures import DataSample
from torch import Tensor

from sslreg.datasets.views import change_colors_of_batch
from sslreg.registry import MODELS


@MODELS.register_module()
class ViewPreprocessor(SelfSupDataPreprocessor):
    """mmpretrain's ``SelfSupDataPreprocessor`` that also makes the changes of colour that workers left to it.

    Takes what the collated batch has: ``inputs``, ``data_samples`` and, from :class:`MultiCrop`, ``color`` of
    ``[B, V, COLUMNS]``. Samples stay on the host, where they are asked for their indices. Nothing waits for the device.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reverse = self._channel_conversion
        self._channel_conversion: bool = (
            False  # mmpretrain's own sends the order of channels from the host for each view
        )

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        views, color, samples = (data.get(name) for name in ('inputs', 'color', 'data_samples'))
        views = self.cast_data(views)
        if color is not None:
            views = _change_colors(views, color)
        if self.reverse:
            views = [view.flip(1) for view in views] if isinstance(views, list) else views.flip(1)
        images = super().forward(dict(inputs=views, data_samples=None), training)['inputs']
        return dict(inputs=images, data_samples=samples)


@MODELS.register_module()
class SingleViewPreprocessor(ViewPreprocessor):
    """For models that take images rather than views: mmpretrain's classifiers and MAE.

    Of a batch of one view its images, and as ``data_samples``, where the batch has ``labels`` (:class:`LabelledViews`),
    mmpretrain's with their ``gt_label``.

    Args:
        batch_augments: What ``ImageClassifier`` hands on as its ``train_cfg``: None.
        **kwargs: As in :class:`ViewPreprocessor`.

    Raises:
        ValueError: ``batch_augments`` are given.
    """

    def __init__(self, batch_augments: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if batch_augments:
            raise ValueError(
                f'SingleViewPreprocessor does not mix images, train_cfg={batch_augments}: set train_cfg=None, or take '
                "mmpretrain's ClsDataPreprocessor with a pipeline of its transforms"
            )

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """As in :class:`ViewPreprocessor`.

        Raises:
            ValueError: There are several views of an image.
        """
        found = super().forward(data, training)
        if isinstance(found['inputs'], list):
            if len(found['inputs']) > 1:
                raise ValueError(f'the model takes one view of an image, not {len(found["inputs"])}: set num=1')
            (found['inputs'],) = found['inputs']
        if 'labels' in data:
            labels = self.cast_data(data['labels'])
            found['data_samples'] = [DataSample().set_gt_label(label) for label in labels.split(1)]
        return found


def _change_colors(views: list[Tensor], color: Tensor) -> list[Tensor]:
    """Of V views ``[B, 3, H, W]``; those of one size together."""
    changed: list[Tensor] = []
    for _, group in groupby(views, key=lambda view: view.shape):
        size = list(group)
        settings = color[:, len(changed) : len(changed) + len(size)].transpose(0, 1).flatten(0, 1)
        changed += change_colors_of_batch(torch.cat(size), settings).chunk(len(size))
    return changed
