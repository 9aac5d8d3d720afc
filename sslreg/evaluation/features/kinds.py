"""Kinds of features (registry FEATURES): what of a network's output stands for an image."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sslreg.models.introspection import Place, describe_vit, watch
from sslreg.registry import FEATURES, type_name


def kind_text(kind: dict[str, Any]) -> str:
    """A kind's config in one way of writing, whether it names its type or holds the class: ``ClassToken(blocks=4)``."""
    settings = {key: kind_text(value) if isinstance(value, dict) else value for key, value in kind.items()}
    arguments = ', '.join(f'{key}={settings[key]}' for key in sorted(settings) if key != 'type')
    return f'{type_name(kind["type"])}({arguments})'


@dataclass
class Seen:
    """What a network makes of a batch of images.

    Attributes:
        pooled: ``[B, C]`` as the model's ``extract_feat`` gives it.
        blocks: Of a vision transformer the tokens ``[B, extra + h w, C]`` after each block, the first first.
        grid: Of a vision transformer the patches' rows and columns ``(h, w)``.
        maps: Of a convolutional network the last map ``[B, C, h, w]``.
    """

    pooled: Tensor
    blocks: list[Tensor] = field(default_factory=list)
    grid: tuple[int, int] = (0, 0)
    maps: Tensor | None = None


class Observer:
    """Shows a model batches of images, each batch once for all kinds of features.

    Args:
        model: Has ``extract_feat`` and ``feature_backbone``, the network behind it.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.backbone: nn.Module = getattr(model.feature_backbone, 'model', model.feature_backbone)  # timm's inside
        self.vit = describe_vit(self.backbone)
        self.places = self._places()
        self.latest: tuple[Tensor, Seen] | None = None

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Seen:
        """Return what the network makes of ``[B, 3, H, W]``."""
        if self.latest is None or self.latest[0] is not images:
            record: dict[str, Any] = {}
            with watch(self.places, partial(_note, record)):
                pooled = self.model.extract_feat(images)
            self.latest = (images, Seen(pooled, **record))
        return self.latest[1]

    def _places(self) -> dict[str, Place]:
        """Name the modules to watch: a transformer's blocks and patch projection, else the whole network."""
        if self.vit is None:
            return dict(map=Place(self.backbone))
        blocks = {f'block{number}': Place(block) for number, block in enumerate(self.vit.blocks)}
        return dict(grid=Place(self.vit.projection), **blocks)

    def tokens(self, images: Tensor, num_blocks: int) -> list[Tensor]:
        """Tokens ``[B, extra + h w, C]`` after each of the last blocks and the final norm.

        Raises:
            ValueError: The network has not so many blocks, or none.
        """
        blocks = self(images).blocks
        if self.vit is None or len(blocks) < num_blocks:
            raise ValueError(
                f'{type(self.backbone).__name__} has {len(blocks)} transformer blocks, {num_blocks} are asked for: '
                "use dict(type='Pooled'), or fewer blocks"
            )
        norm = self.vit.norm or nn.Identity()
        return [norm(block) for block in blocks[-num_blocks:]]

    @torch.no_grad()
    def last_map(self, images: Tensor) -> Tensor:
        """``[B, h, w, C]`` of a network without tokens; of timm's, which pool it, by another pass.

        Raises:
            ValueError: The network has none.
        """
        maps = self(images).maps
        backbone: Any = self.backbone
        if maps is None and hasattr(backbone, 'forward_features'):
            maps = backbone.forward_features(images)
            if getattr(backbone, 'output_fmt', 'NCHW') == 'NHWC' and maps.ndim == 4:
                return maps
        if maps is None or maps.ndim != 4:
            raise ValueError(f'{type(backbone).__name__} gives neither patch tokens nor a map of features')
        return maps.permute(0, 2, 3, 1)

    @property
    def num_extra_tokens(self) -> int:
        """Class tokens and registers before the patches'."""
        return self.vit.num_extra_tokens if self.vit else 0


def _note(record: dict[str, Any], name: str, output: Any) -> None:
    """Keep the output of a watched module as the field of :class:`Seen` that it belongs to."""
    last = output[-1] if isinstance(output, (tuple, list)) else output
    if name.startswith('block'):
        record.setdefault('blocks', []).append(output)
    elif name == 'grid':
        record['grid'] = tuple(output.shape[-2:])
    elif last.ndim == 4:
        record['maps'] = last


@FEATURES.register_module()
class Pooled:
    """``[B, C]``: the class token of a ViT's last block, the mean over the map of a convolutional network."""

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        return observer(images).pooled


@FEATURES.register_module()
class ClassToken:
    """``[B, blocks C]``: the class tokens of a ViT's last blocks, side by side (DINO's linear probe of ViT-S: 4).

    Args:
        blocks: Number of blocks.
    """

    def __init__(self, blocks: int = 1) -> None:
        if blocks < 1:
            raise ValueError(f'ClassToken(blocks={blocks}) must be at least 1')
        self.blocks = blocks

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        return torch.cat([tokens[:, 0] for tokens in observer.tokens(images, self.blocks)], dim=1)


@FEATURES.register_module()
class ClassAndMeanPatch:
    """``[B, 2 C]``: class token and mean patch token of a ViT's last block (DINO's linear probe of ViT-B)."""

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        (tokens,) = observer.tokens(images, 1)
        return torch.cat([tokens[:, 0], tokens[:, observer.num_extra_tokens :].mean(dim=1)], dim=1)


@FEATURES.register_module()
class ClassAndGeMPatch:
    """``[B, 2 C]``: class token and generalised mean of the patch tokens of a ViT's last block (DINO's copy detection).

    The mean is (1/n sum_i max(x_i, 1e-6)^power)^(1/power), Radenovic et al. (arXiv 1711.02512).

    Args:
        power: 1 is the mean of what is positive, infinity the maximum.
    """

    def __init__(self, power: float = 4) -> None:
        if power < 1:
            raise ValueError(f'ClassAndGeMPatch(power={power}) must be at least 1')
        self.power = power

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        (tokens,) = observer.tokens(images, 1)
        patches = tokens[:, observer.num_extra_tokens :].clamp(min=1e-6)
        return torch.cat([tokens[:, 0], patches.pow(self.power).mean(dim=1).pow(1 / self.power)], dim=1)


@FEATURES.register_module()
class PatchTokens:
    """``[B, h, w, C]``: the patch tokens of a ViT's last block, or the last map of a convolutional network."""

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        if observer.vit is None:
            return observer.last_map(images)
        seen = observer(images)
        (tokens,) = observer.tokens(images, 1)
        return tokens[:, observer.num_extra_tokens :].unflatten(1, seen.grid)


@FEATURES.register_module()
class MultiScale:
    """``[B, C]`` of unit norm: the mean of a kind of features over rescaled images (retrieval's protocol).

    Args:
        scales: Of the images' sides.
        of: Config of the kind.
    """

    def __init__(self, scales: Sequence[float] = (1.0, 2**-0.5, 0.5), of: dict[str, Any] | None = None) -> None:
        if not scales or min(scales) <= 0:
            raise ValueError(f'MultiScale(scales={scales}) must be positive')
        self.scales = scales
        self.of = FEATURES.build(of or dict(type='Pooled'))

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        feats = [self.of(observer, _rescaled(images, scale)) for scale in self.scales]
        return F.normalize(torch.stack(feats).sum(dim=0), dim=-1)


def _rescaled(images: Tensor, scale: float) -> Tensor:
    return images if scale == 1 else F.interpolate(images, scale_factor=scale, mode='bilinear', align_corners=False)
