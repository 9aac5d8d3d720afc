from difflib import get_close_matches
from typing import Any

import timm
from mmengine.model import BaseModule
from mmpretrain.models import VisionTransformer
from torch import Tensor, nn

from sslreg.registry import MODELS


class Pool(nn.Module):
    """Whatever a backbone returns -> ``[B, C]``: the last output, averaged over space if it is a map."""

    def forward(self, feats: Tensor | tuple[Any, ...] | list[Any]) -> Tensor:
        if isinstance(feats, (tuple, list)):
            return self(feats[-1])
        if feats.ndim == 4:
            return feats.mean(dim=(2, 3))
        if feats.ndim != 2:
            raise ValueError(
                f'a backbone returned features of shape {list(feats.shape)}; [B, C], [B, C, H, W] or a '
                "tuple ending in one is needed (for a ViT: out_type='cls_token')"
            )
        return feats


# timm's families of fixed image size that can be told to take any.
DYNAMIC_SIZE = {
    ('vision_transformer', 'vision_transformer_hybrid', 'deit', 'eva'): dict(
        dynamic_img_size=True, dynamic_img_pad=True
    ),
    ('swin_transformer', 'swin_transformer_v2'): dict(strict_img_size=False),
}


@MODELS.register_module()
class TimmBackbone(BaseModule):
    """Any timm model as a backbone: images in, pooled features ``[B, C]`` out.

    Images may have any size, but for the few families that timm fixes to one (BEiT, CaiT, MaxViT). mmpretrain's
    ``TIMMBackbone`` returns tokens and takes one size only.

    Args:
        model_name: As in ``timm.list_models()``.
        pretrained: Load timm's weights (downloads them).
        **kwargs: Passed to ``timm.create_model``, which rejects what the model does not know; ``checkpoint_path`` is a
            file of weights.

    Attributes:
        out_channels: C.

    Raises:
        ValueError: timm knows no such model.
    """

    def __init__(self, model_name: str, pretrained: bool = False, **kwargs: Any) -> None:
        super().__init__()
        if not timm.is_model(model_name):
            close = ', '.join(get_close_matches(model_name, timm.list_models(), n=3)) or 'none'
            raise ValueError(f'timm {timm.__version__} has no model {model_name!r}; similar names: {close}')
        for families, options in DYNAMIC_SIZE.items():
            if timm.models.is_model_in_modules(model_name, families):
                kwargs = options | kwargs
        self.model = timm.create_model(model_name, pretrained=pretrained, num_classes=0, **kwargs)
        self.out_channels: int = getattr(self.model, 'head_hidden_size', self.model.num_features)
        self.loaded = pretrained or bool(kwargs.get('checkpoint_path'))

    def init_weights(self) -> None:
        """As timm does, but where it has loaded weights, which would be lost."""
        if not self.loaded:
            super().init_weights()

    def forward(self, images: Tensor) -> Tensor:
        """``[B, 3, H, W]`` -> ``[B, C]``."""
        feats: Tensor = self.model(images)
        return feats


@MODELS.register_module()
class SSLVisionTransformer(VisionTransformer):
    """mmpretrain's ViT with the initialisation that DINO and MaSSL train from.

    Linear weights and tokens are drawn from a normal distribution of std 0.02 truncated at +-2, biases are 0;
    mmpretrain's own is Xavier-uniform for half of them. Parameters have mmpretrain's names, so a checkpoint loads into
    a plain ``VisionTransformer`` downstream.
    """

    def init_weights(self) -> None:
        super().init_weights()
        if isinstance(self.init_cfg, dict) and self.init_cfg['type'] == 'Pretrained':
            return
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.trunc_normal_(self.cls_token, std=0.02)


@MODELS.register_module()
class ResNet9(BaseModule):
    """The ResNet-9 for images of 32 px that LayerMem is reported of (arXiv 2409.19069); maps ``[B, 256, 2, 2]``.

    Eight 3 x 3 convolutions, each with batch norm and ReLU: 32 (halved) - 64 (halved) - 64 - 64, added to the output of
    the second - 128 (halved) - 256 (halved) - 256 - 256, added to the output of the sixth.

    Attributes:
        layers: ``layers.0`` to ``layers.7``, what LayerMem calls layers 1 to 8; ``residuals.0`` and ``residuals.1``
            are the sums behind the fourth and the last.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = [
            (3, 32, 2),
            (32, 64, 2),
            (64, 64, 1),
            (64, 64, 1),
            (64, 128, 2),
            (128, 256, 2),
            (256, 256, 1),
            (256, 256, 1),
        ]
        self.layers = nn.ModuleList([_convolution(*width) for width in widths])
        self.residuals = nn.ModuleList([_Sum(), _Sum()])

    def forward(self, images: Tensor) -> tuple[Tensor]:
        out = images
        for first, residual in zip((0, 4), self.residuals, strict=True):
            skip = self.layers[first + 1](self.layers[first](out))
            out = residual(skip, self.layers[first + 3](self.layers[first + 2](skip)))
        return (out,)


class _Sum(nn.Module):
    """A residual connection that can be hooked."""

    def forward(self, skip: Tensor, out: Tensor) -> Tensor:
        return skip + out


def _convolution(in_channels: int, out_channels: int, pool: int) -> nn.Sequential:
    parts = [nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()]
    return nn.Sequential(*parts, *([nn.MaxPool2d(pool)] if pool > 1 else []))
