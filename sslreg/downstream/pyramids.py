"""Feature pyramids from the maps of a plain vision transformer, which have one stride."""

from collections.abc import Callable, Sequence
from typing import Any

from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from mmpretrain.models.utils import LayerNorm2d
from torch import Tensor, nn
from torch.nn import functional as F

from sslreg.registry import MODELS

Norm = Callable[[int], nn.Module]


def layer_norm(channels: int) -> nn.Module:
    """Return a layer norm over the channels at each position, as within a ViT.

    Args:
        channels: C of the maps.
    """
    return LayerNorm2d(channels, eps=1e-6)


def rescale(channels: int, factors: Sequence[int], norm: Norm) -> nn.Sequential:
    """Return deconvolutions of stride 2, with a norm and GELU between two of them.

    Args:
        channels: C of the input.
        factors: One number for each deconvolution, which has ``channels / factor`` output channels.
        norm: Function that returns a norm for a number of channels.
    """
    parts: list[nn.Module] = []
    width = channels
    for factor in factors:
        parts += [norm(width), nn.GELU()] if parts else []
        parts.append(nn.ConvTranspose2d(width, channels // factor, kernel_size=2, stride=2))
        width = channels // factor
    return nn.Sequential(*parts)


@MODELS.register_module()
class SimpleFeaturePyramid(BaseModule):
    """Pyramid of strides 4, 8, 16 and 32 from the last map of a ViT (ViTDet, arXiv 2203.16527, section 3).

    The map has stride 16. Stride 4 takes a deconvolution to half the channels, layer norm, GELU and a deconvolution to
    a quarter; stride 8 a deconvolution to half; stride 16 the map itself; stride 32 max pooling. Then each level has a
    1 x 1 and a 3 x 3 convolution, both with layer norm. Further outputs take every second position of the last one,
    like RPN's fifth.

    Args:
        in_channels: C of the map, divisible by 4.
        out_channels: Channels of each output.
        num_outs: Number of outputs, at least 4.

    Raises:
        ValueError: ``in_channels`` or ``num_outs`` is invalid.
    """

    def __init__(self, in_channels: int, out_channels: int = 256, num_outs: int = 5) -> None:
        super().__init__()
        if in_channels % 4 or num_outs < 4:
            raise ValueError(
                f'in_channels={in_channels} must be divisible by 4 and num_outs={num_outs} at least 4: strides 4 to 32'
            )
        self.num_outs = num_outs
        scales = [
            (rescale(in_channels, (2, 4), layer_norm), in_channels // 4),
            (rescale(in_channels, (2,), layer_norm), in_channels // 2),
            (nn.Identity(), in_channels),
            (nn.MaxPool2d(2), in_channels),
        ]
        self.levels = nn.ModuleList(nn.Sequential(scale, *_projection(width, out_channels)) for scale, width in scales)

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return ``[B, out, 4H, 4W]``, ..., ``[B, out, H/2, W/2]``, ...

        Args:
            maps: The last one is used, ``[B, C, H, W]``.
        """
        outs = [level(maps[-1]) for level in self.levels]
        while len(outs) < self.num_outs:
            outs.append(F.max_pool2d(outs[-1], kernel_size=1, stride=2))
        return tuple(outs)


def _projection(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, 1, bias=False),
        layer_norm(out_channels),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        layer_norm(out_channels),
    ]


@MODELS.register_module()
class RescaledLevels(BaseModule):
    """Pyramid of strides 4, 8, 16 and 32 from the maps of four layers of a ViT, as in BEiT and iBOT.

    The first map has two deconvolutions with a norm and GELU between them, the second map one deconvolution, the third
    map is unchanged and the fourth max-pooled; the number of channels stays. An FPN usually follows. mmsegmentation
    calls it ``Feature2Pyramid``.

    Args:
        in_channels: C of each map.
        norm_cfg: Config of the norm between the two deconvolutions (default: batch norm).
    """

    def __init__(self, in_channels: int, norm_cfg: dict[str, Any] | None = None) -> None:
        super().__init__()

        def norm(channels: int) -> nn.Module:
            layer: nn.Module = build_norm_layer(norm_cfg or dict(type='BN'), channels)[1]
            return layer

        up4, up2 = rescale(in_channels, (1, 1), norm), rescale(in_channels, (1,), norm)
        self.levels = nn.ModuleList([up4, up2, nn.Identity(), nn.MaxPool2d(2)])

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return ``[B, C, 4H, 4W]``, ``[B, C, 2H, 2W]``, ``[B, C, H, W]``, ``[B, C, H/2, W/2]``.

        Args:
            maps: Four maps ``[B, C, H, W]``.

        Raises:
            ValueError: There are not four maps.
        """
        if len(maps) != len(self.levels):
            raise ValueError(
                f'{len(maps)} maps came from the backbone, 4 are needed: set its out_indices, e.g. (3, 5, 7, 11)'
            )
        return tuple(level(each) for level, each in zip(self.levels, maps, strict=True))
