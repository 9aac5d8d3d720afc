"""Encoders that are only evaluated: a backbone alone, and two baselines without weights."""

from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel, BaseModule
from torch import Tensor, nn

from sslreg.arguments import PositiveInt, checked
from sslreg.registry import MODELS

from .backbones import Pool
from .preprocessor import build_preprocessor
from .pretrained_loading import pretrained_last


@MODELS.register_module()
class Encoder(BaseModel):
    """Model of a backbone alone, for evaluation: one of mmpretrain, of timm, or a baseline.

    Args:
        backbone: Config of the backbone; its weights come from its ``init_cfg`` or from the checkpoint.
        data_preprocessor: Config of the preprocessor; its default ``type`` is :class:`ViewPreprocessor`.
        init_cfg: As in MMEngine.
    """

    def __init__(
        self,
        backbone: dict[str, Any],
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(data_preprocessor=build_preprocessor(data_preprocessor), init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone)
        self.pool = Pool()

    def init_weights(self) -> None:
        """Initialise the backbone, then load what ``init_cfg`` names."""
        with pretrained_last(self):
            super().init_weights()

    @property
    def feature_backbone(self) -> nn.Module:
        """The backbone."""
        return self.backbone

    def extract_feat(self, images: Tensor) -> Tensor:
        """Return features ``[B, C]`` of images ``[B, 3, H, W]``."""
        feats: Tensor = self.pool(self.backbone(images))
        return feats

    def forward(self, inputs: Tensor, data_samples: Any = None, mode: str = 'tensor') -> Tensor:
        """Return the features in every mode."""
        return self.extract_feat(inputs)


@MODELS.register_module()
class PixelBackbone(BaseModule):
    """Raw pixels as features, a lower bound for every network: images resized to ``size`` and flattened.

    Args:
        size: Side of the resized image in pixels; C is ``3 size**2``.
    """

    @checked
    def __init__(self, size: PositiveInt = 32) -> None:
        super().__init__()
        self.size = size

    def forward(self, images: Tensor) -> Tensor:
        """Return features ``[B, C]`` of images ``[B, 3, H, W]``."""
        return F.interpolate(images, (self.size, self.size), mode='bilinear', antialias=True).flatten(1)


@MODELS.register_module()
class ColorHistogramBackbone(BaseModule):
    """Colour histograms as features, a lower bound for every network: the root of each bin's share of the pixels.

    Args:
        bins: Bins per channel; C is ``bins**3``. Channels run from 0 to 255: give the preprocessor no mean and std.
    """

    @checked
    def __init__(self, bins: PositiveInt = 8) -> None:
        super().__init__()
        self.bins = bins

    def forward(self, images: Tensor) -> Tensor:
        """Return features ``[B, C]`` of images ``[B, 3, H, W]``."""
        levels = (images * (self.bins / 256)).long().clamp(0, self.bins - 1).flatten(2)
        places = (levels[:, 0] * self.bins + levels[:, 1]) * self.bins + levels[:, 2]
        counts = torch.zeros(len(images), self.bins**3, device=images.device)
        counts.scatter_add_(1, places, torch.ones_like(places, dtype=counts.dtype))
        return (counts / places.shape[1]).sqrt()
