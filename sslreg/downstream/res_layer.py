"""Imports mmdet."""

from typing import Any

from mmcv.cnn import build_norm_layer
from mmdet.models.roi_heads.shared_heads import ResLayer
from torch import Tensor


class NormedResLayer(ResLayer):
    """A ResNet's last stage as the head of regions (C4), with one more norm at its end.

    So does MoCo's protocol for VOC and COCO (arXiv 1911.05722, appendix), which trains all norms over the GPUs.
    Without it this head has the only norms that are behind the last sum, and pre-trained weights may be far from those
    of supervised training in scale. Its stage takes the pre-trained one by the backbone's prefix; ``norm`` starts anew.

    Args:
        **kwargs: As in mmdet's ``ResLayer``: depth, stage, stride, norm_cfg, ...
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        last = getattr(self, f'layer{self.stage + 1}')[-1]
        self.norm = build_norm_layer(self.norm_cfg, last.conv3.out_channels)[1]

    def forward(self, regions: Tensor) -> Tensor:
        """``[R, C, 14, 14]`` -> ``[R, 2C, 7, 7]``."""
        out: Tensor = self.norm(super().forward(regions))
        return out
