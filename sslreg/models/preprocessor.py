"""Preprocessors: a collated batch to normalised images on the device, and the images' indices."""

from itertools import groupby
from typing import Any

import torch
from mmpretrain.models import SelfSupDataPreprocessor
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from sslreg.datasets.collate import sample_indices
from sslreg.datasets.views import change_colors_of_batch
from sslreg.registry import MODELS


@MODELS.register_module()
class ViewPreprocessor(SelfSupDataPreprocessor):
    """mmpretrain's ``SelfSupDataPreprocessor`` that also changes colours on the device and decodes the images' indices.

    It takes a collated batch: ``inputs``, ``data_samples`` and, from :class:`MultiCrop`, ``color`` of
    ``[B, V, COLUMNS]``. It gives ``inputs``, and as ``data_samples`` the dataset index ``[B]`` of each image, on the
    host, or None if the batch has no samples. Nothing waits for the device.

    Args:
        *args: As in ``SelfSupDataPreprocessor``.
        **kwargs: As in ``SelfSupDataPreprocessor``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take over the channel order from mmpretrain's class."""
        super().__init__(*args, **kwargs)
        self.reverse = self._channel_conversion
        self._channel_conversion: bool = (
            False  # mmpretrain's own sends the order of channels from the host for each view
        )

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Return ``inputs`` on the device, normalised, and the images' indices as ``data_samples``."""
        samples = data.get('data_samples')
        indices = None if samples is None else sample_indices(samples)
        return dict(inputs=self.images(data, training), data_samples=indices)

    def images(self, data: dict[str, Any], training: bool = False) -> Any:
        """Return the images of a batch, or the list of its views, on the device, coloured and normalised."""
        views, color = self.cast_data(data['inputs']), data.get('color')
        if color is not None:
            views = _change_colors(views, color)
        if self.reverse:
            views = [view.flip(1) for view in views] if isinstance(views, list) else views.flip(1)
        return super().forward(dict(inputs=views, data_samples=None), training)['inputs']


@MODELS.register_module()
class SingleViewPreprocessor(ViewPreprocessor):
    """Preprocessor for models that take images instead of views: mmpretrain's classifiers and MAE.

    It gives the images of a batch of one view. ``data_samples`` are left as mmpretrain's models read them: from
    ``labels`` of the batch (:class:`LabelledViews`) samples with ``gt_label``, else those of the batch.

    Args:
        batch_augments: ``train_cfg`` of ``ImageClassifier``, which must be None.
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
        """Return ``inputs [B, 3, H, W]`` on the device, normalised, and ``data_samples``.

        Raises:
            ValueError: There are several views of an image.
        """
        images, samples = self.images(data, training), data.get('data_samples')
        if isinstance(images, list):
            if len(images) > 1:
                raise ValueError(f'the model takes one view of an image, not {len(images)}: set num=1')
            (images,) = images
        if 'labels' in data:
            labels = self.cast_data(data['labels'])
            samples = [DataSample().set_gt_label(label) for label in labels.split(1)]
        return dict(inputs=images, data_samples=samples)


class EachView(nn.Module):
    """``data_preprocessor`` for images, or for a list of views, each preprocessed as a batch of images.

    As :class:`ViewPreprocessor` does, it gives the images' dataset indices as ``data_samples``.

    Args:
        preprocessor: A preprocessor of batches of images, e.g. one of mmpretrain.
    """

    def __init__(self, preprocessor: nn.Module) -> None:
        super().__init__()
        self.preprocessor = preprocessor

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Return the batch with preprocessed ``inputs`` and with indices ``[B]`` as ``data_samples``."""
        inputs, samples = data['inputs'], data.get('data_samples')
        indices = None if samples is None else sample_indices(samples)
        if isinstance(inputs, Tensor):
            return dict(data, inputs=self._images(inputs, training), data_samples=indices)
        return dict(data, inputs=[self._images(view, training) for view in inputs], data_samples=indices)

    def _images(self, images: Tensor, training: bool) -> Tensor:
        # mmpretrain's SelfSupDataPreprocessor takes exactly two values.
        found: Tensor = self.preprocessor(dict(inputs=images, data_samples=None), training)['inputs']
        return found


def build_preprocessor(cfg: dict[str, Any] | None) -> nn.Module:
    """Build a preprocessor of any type that gives the images' indices.

    Args:
        cfg: Config; its default ``type`` is :class:`ViewPreprocessor`. Others, e.g. mmpretrain's, are wrapped.
    """
    built: nn.Module = MODELS.build(dict(type='ViewPreprocessor') | (cfg or {}))
    gives_indices = isinstance(built, (ViewPreprocessor, EachView)) and not isinstance(built, SingleViewPreprocessor)
    return built if gives_indices else EachView(built)


def _change_colors(views: list[Tensor], color: Tensor) -> list[Tensor]:
    """Change the colours of V views ``[B, 3, H, W]``; views of one size are done together."""
    changed: list[Tensor] = []
    for _, group in groupby(views, key=lambda view: view.shape):
        size = list(group)
        settings = color[:, len(changed) : len(changed) + len(size)].transpose(0, 1).flatten(0, 1)
        changed += change_colors_of_batch(torch.cat(size), settings).chunk(len(size))
    return changed
