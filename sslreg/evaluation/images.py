"""Image files as input of a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope
from torch import Tensor


def read_images(paths: Sequence[Path | str], model: Any, size: int, resize: int | None = None) -> Tensor:
    """Read image files for ``model.extract_feat``: ``[B, 3, size, size]``, normalised, on the model's device.

    All images are in memory at once; tools/extract_features.py takes any number.

    Args:
        paths: Image files.
        model: A model of :func:`sslreg.load_model`; its ``data_preprocessor`` normalises the images.
        size: Side of the square in the middle of the resized image, in pixels: the size that the model was trained or
            evaluated with, 224 on ImageNet, 32 on CIFAR.
        resize: Short side to which an image is resized before; None: ``size``. ImageNet's evaluation has 256.

    Raises:
        ValueError: There are no paths, or the square does not fit into the resized image.
    """
    if isinstance(paths, str | Path) or not paths:
        raise ValueError(f'read_images takes a list of paths with at least one, got {paths!r}')
    with DefaultScope.overwrite_default_scope('sslreg'):
        pipeline: Any = Compose(evaluation_pipeline(resize or size, size))
    images = torch.stack([pipeline(dict(img_path=str(path)))['inputs'] for path in paths])
    normalised: Tensor = model.data_preprocessor(dict(inputs=images), False)['inputs']
    return normalised


def evaluation_pipeline(resize: int, crop: int) -> list[dict[str, Any]]:
    """Return the transforms of ImageNet's evaluation: the short side resized bicubically, the central square kept.

    Raises:
        ValueError: The square does not fit into the resized image.
    """
    if not 0 < crop <= resize:
        raise ValueError(f'the crop of {crop} pixels must be between 1 and the resized short side of {resize}')
    return [
        dict(type='LoadImage'),
        dict(type='ResizeEdge', scale=resize, edge='short', backend='pillow', interpolation='bicubic'),
        dict(type='CenterCrop', crop_size=crop),
        dict(type='PackInputs'),
    ]
