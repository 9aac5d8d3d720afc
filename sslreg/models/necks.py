"""Necks: from the backbone's features to embeddings."""

from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule, initialize
from torch import Tensor, nn

from sslreg.arguments import NonNegative, PositiveInt, checked
from sslreg.registry import MODELS

from .pretrained_loading import pretrained_last


@MODELS.register_module()
class ProjectionNeck(BaseModule):
    """MLP with unit-norm output; by default that of MaSSL's released code (C -> 2048 -> 2048 -> 256, GELU, no norm).

    Args:
        in_channels: Width C of the backbone's features.
        hid_channels: Width of the hidden layers.
        out_channels: Width D of the embeddings, the memory's ``feat_dim``.
        num_layers: Number of linear layers.
        norm_cfg: Config of the norm after each hidden linear layer, e.g. ``dict(type='BN1d')``, or None. The released
            code has it by default, and its published commands switch it off. Pooled features of a CNN are all positive,
            so without a norm its embeddings start in a narrow cone.
        act_cfg: Config of the activation after each hidden layer; None: GELU.
        init_std: Standard deviation of the normal distribution, truncated at +-2, from which linear weights are drawn
            (biases are 0); None: torch's default.
        init_cfg: As in MMEngine; it has the last word.

    Raises:
        ValueError: ``num_layers`` is below 1.
    """

    @checked
    def __init__(
        self,
        in_channels: PositiveInt,
        hid_channels: PositiveInt,
        out_channels: PositiveInt,
        num_layers: PositiveInt = 3,
        norm_cfg: dict[str, Any] | None = None,
        act_cfg: dict[str, Any] | None = None,
        init_std: NonNegative | None = 0.02,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
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
        """Draw the weights with ``init_std``, if it is given; then do what ``init_cfg`` says."""
        with pretrained_last(self):
            for layer in self.mlp:
                if isinstance(layer, nn.Linear) and self.init_std is not None:
                    nn.init.trunc_normal_(layer.weight, std=self.init_std)
                    nn.init.zeros_(layer.bias)
            initialize(self, self.init_cfg or [])

    def forward(self, feats: Tensor) -> Tensor:
        """Return embeddings ``[B, D]`` of ``[B, C]``: unit norm, float32 at least (half precision has no unit rows)."""
        embeddings = self.mlp(feats)
        return F.normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=-1, eps=1e-6)
