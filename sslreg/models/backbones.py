"""Backbones that mmpretrain lacks, and the pooling behind every backbone."""

from difflib import get_close_matches
from typing import Any

import timm
from mmengine.model import BaseModule
from torch import Tensor, nn

from sslreg.registry import MODELS
from sslreg.utils.moved import forward

from .checkpoint_weights import weights_of
from .checkpoints import check_fits, load_checkpoint
from .introspection import patch_sides
from .pretrained_loading import pretrained_last

forward(__name__)


class Pool(nn.Module):
    """Pooling of the output of any backbone to ``[B, C]``: the last output, averaged over space if it is a map."""

    def forward(self, feats: Tensor | tuple[Any, ...] | list[Any]) -> Tensor:
        """Pool vectors ``[B, C]``, maps ``[B, C, H, W]`` or the last item of a tuple to ``[B, C]``.

        Raises:
            ValueError: The output has another shape.
        """
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


# timm's families whose image size is fixed by default, with the options that make it variable.
DYNAMIC_SIZE = {
    ('vision_transformer', 'vision_transformer_hybrid', 'deit', 'eva'): dict(dynamic_img_size=True),
    ('swin_transformer', 'swin_transformer_v2'): dict(strict_img_size=False),
}


@MODELS.register_module()
class TimmBackbone(BaseModule):
    """Any timm model as a backbone from images to pooled features ``[B, C]``.

    Images may have any size, except for a few families with one fixed size in timm (BEiT, CaiT, MaxViT). Rows and
    columns that fill no patch are dropped, unless ``dynamic_img_pad=True``. timm resamples positions with a filter
    against aliasing, unlike DINO, iBOT and MaSSL, whose ViTs are :class:`SSLVisionTransformer`. mmpretrain's
    ``TIMMBackbone`` returns tokens and takes one size only.

    Args:
        model_name: Name from ``timm.list_models()``.
        pretrained: Download and load timm's weights.
        checkpoint_path: File of weights with timm's names; the averaged ones if it has them, as timm's training
            checkpoints do. A classifier in it is left out.
        init_cfg: As in MMEngine.
        **kwargs: Further arguments of ``timm.create_model``, which rejects unknown ones.

    Attributes:
        out_channels: Width C of the features.

    Raises:
        FileNotFoundError: The file of weights does not exist.
        ValueError: timm has no model of this name, or the file is no checkpoint of it.
    """

    def __init__(
        self,
        model_name: str,
        pretrained: bool = False,
        checkpoint_path: str = '',
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(init_cfg)
        if not timm.is_model(model_name):
            close = ', '.join(get_close_matches(model_name, timm.list_models(), n=3)) or 'none'
            raise ValueError(f'timm {timm.__version__} has no model {model_name!r}; similar names: {close}')
        for families, options in DYNAMIC_SIZE.items():
            if timm.models.is_model_in_modules(model_name, families):
                kwargs = options | kwargs
        self.model = timm.create_model(model_name, pretrained=pretrained, num_classes=0, **kwargs)
        self.out_channels: int = getattr(self.model, 'head_hidden_size', self.model.num_features)
        self.loaded = pretrained or bool(checkpoint_path)
        if checkpoint_path:
            load_timm_weights(self.model, checkpoint_path)

    def init_weights(self) -> None:
        """Initialise as timm does, unless weights were loaded; then load what ``init_cfg`` names."""
        with pretrained_last(self):
            if not self.loaded:
                super().init_weights()

    def forward(self, images: Tensor) -> Tensor:
        """Return features ``[B, C]`` of images ``[B, 3, H, W]``."""
        feats: Tensor = self.model(whole_patches(images, getattr(self.model, 'patch_embed', None)))
        return feats


def load_timm_weights(model: Any, path: str) -> None:
    """Load a file into a network of timm without a classifier, as timm does, but with errors of one sentence.

    Args:
        model: The network.
        path: The file; ``.npz`` files of JAX are left to timm.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is no checkpoint, or of another network.
    """
    if path.endswith('.npz'):
        timm.models.load_checkpoint(model, path)
        return
    classifiers = model.pretrained_cfg.get('classifier') or ()
    parts = tuple(f'{part}.' for part in ([classifiers] if isinstance(classifiers, str) else classifiers))
    weights = weights_of(load_checkpoint(path))
    kept = {name: value for name, value in weights.items() if not (parts and name.startswith(parts))}
    try:
        model.load_state_dict(kept)
    except RuntimeError:
        check_fits(model, kept)
        raise


def whole_patches(images: Tensor, embedding: Any) -> Tensor:
    """Drop the last rows and columns of images ``[B, 3, H, W]`` that fill no patch of timm's embedding.

    Args:
        images: The images.
        embedding: The network's ``patch_embed``; nothing is dropped for one that takes any size, or a single one.

    Raises:
        ValueError: The images are smaller than a patch.
    """
    if getattr(embedding, 'strict_img_size', True) or getattr(embedding, 'dynamic_img_pad', False):
        return images
    height, width = (
        side // patch * patch for side, patch in zip(images.shape[-2:], patch_sides(embedding), strict=True)
    )
    if 0 in (height, width):
        raise ValueError(
            f'an image of {images.shape[-2]} x {images.shape[-1]} pixels is smaller than a patch of '
            f'{" x ".join(map(str, patch_sides(embedding)))}: resize it, or leave it out'
        )
    return images[..., :height, :width]


@MODELS.register_module()
class ResNet9(BaseModule):
    """ResNet-9 of the LayerMem paper (arXiv 2409.19069) for images of 32 px; it gives maps ``[B, 256, 2, 2]``.

    Eight 3 x 3 convolutions, each with batch norm and ReLU, of widths 32, 64, 64, 64, 128, 256, 256, 256. Max pooling
    halves the maps after the first, second, fifth and sixth. The output of the second is added to that of the fourth,
    the output of the sixth to that of the eighth.

    Args:
        init_cfg: As in MMEngine.

    Attributes:
        layers: ``layers.0`` to ``layers.7``, layers 1 to 8 of LayerMem.
        residuals: ``residuals.0`` and ``residuals.1``, the sums after the fourth and the last layer.
    """

    def __init__(self, init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None) -> None:
        super().__init__(init_cfg)
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

    def init_weights(self) -> None:
        """Initialise as MMEngine does; load what ``init_cfg`` names last."""
        with pretrained_last(self):
            super().init_weights()

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """Return the last maps ``[B, 256, H/16, W/16]`` of images ``[B, 3, H, W]``, in a tuple of one."""
        out = images
        for first, residual in zip((0, 4), self.residuals, strict=True):
            skip = self.layers[first + 1](self.layers[first](out))
            out = residual(skip, self.layers[first + 3](self.layers[first + 2](skip)))
        return (out,)


class _Sum(nn.Module):
    """Sum of a residual connection, as a module so that hooks can watch it."""

    def forward(self, skip: Tensor, out: Tensor) -> Tensor:
        return skip + out


def _convolution(in_channels: int, out_channels: int, pool: int) -> nn.Sequential:
    parts = [nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()]
    return nn.Sequential(*parts, *([nn.MaxPool2d(pool)] if pool > 1 else []))
