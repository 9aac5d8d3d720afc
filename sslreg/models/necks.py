from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from sslreg.registry import MODELS


@MODELS.register_module()
class ProjectionNeck(BaseModule):
    """MLP onto the unit sphere; by default the head of MaSSL's released code (C -> 2048 -> 2048 -> 256, GELU, no norm).

    Args:
        in_channels: Width C of the backbone's features.
        hid_channels: Width of the hidden layers.
        out_channels: Width D of the embeddings, the memory's ``feat_dim``.
        num_layers: Number of linear layers.
        norm_cfg: Normalisation after each hidden linear layer, e.g. ``dict(type='BN1d')``, the default of the released
            code that its published commands switch off. A CNN's pooled features are all positive, so without it its
            embeddings start in a narrow cone.
        act_cfg: Activation after each hidden layer; None: GELU.
        init_std: Linear weights are drawn from a normal distribution of this std truncated at +-2, biases are 0; None
            keeps torch's default.
    """

    def __init__(
        self,
        in_channels: int,
        hid_channels: int,
        out_channels: int,
        num_layers: int = 3,
        norm_cfg: dict[str, Any] | None = None,
        act_cfg: dict[str, Any] | None = None,
        init_std: float | None = 0.02,
    ) -> None:
        super().__init__()
        if num_layers < 1:
            raise ValueError(f'num_layers={num_layers} must be at least 1')
        widths = [in_channels] + [hid_channels] * (num_layers - 1) + [out_channels]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(widths[:-1]):
            layers.append(nn.Linear(fan_in, fan_out))
            if norm_cfg:
                layers.append(MODELS.build(dict(norm_cfg, num_features=fan_out)))
            layers.append(MODELS.build(act_cfg or dict(type='GELU')))
        self.init_std = init_std
        self.mlp = nn.Sequential(*layers, nn.Linear(widths[-2], out_channels))

    def init_weights(self) -> None:
        if self.init_std is None:
            return
        for layer in self.mlp:
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=self.init_std)
                nn.init.zeros_(layer.bias)

    def forward(self, feats: Tensor) -> Tensor:
        """``[B, C]`` -> ``[B, D]`` of unit norm, float32 at least (half precision has no unit rows)."""
        embeddings = self.mlp(feats)
        return F.normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=-1, eps=1e-6)
