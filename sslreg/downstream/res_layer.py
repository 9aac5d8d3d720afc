"""Head of regions from a ResNet's last stage; importing this module needs mmdet."""

from typing import Any

from mmcv.cnn import build_norm_layer
from mmdet.models.roi_heads.shared_heads import ResLayer
from torch import Tensor


class NormedResLayer(ResLayer):
    """Last stage of a ResNet as the head of regions (C4), followed by one more norm.

    MoCo's protocol for VOC and COCO has this norm (arXiv 1911.05722, appendix) and trains all norms over the GPUs.
    Without it no norm follows the last residual sum, whose scale may differ much between pre-trained and supervised
    weights. The stage loads the pre-trained stage by the backbone's prefix; ``norm`` starts anew.

    Args:
        **kwargs: As in mmdet's ``ResLayer``: depth, stage, stride, norm_cfg, ...
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        last = getattr(self, f'layer{self.stage + 1}')[-1]
        self.norm = build_norm_layer(self.norm_cfg, last.conv3.out_channels)[1]

    def forward(self, regions: Tensor) -> Tensor:
        """Return ``[R, 2C, 7, 7]`` from ``[R, C, 14, 14]``."""
        out: Tensor = self.norm(super().forward(regions))
        return out
