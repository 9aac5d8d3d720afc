"""Kinds of features (registry FEATURES): the parts of a network's output that represent an image."""

from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sslreg.arguments import Bounds, PositiveInt, Positives, checked
from sslreg.models.introspection import Place, describe_vit, watch
from sslreg.registry import FEATURES, type_name


def kind_text(kind: dict[str, Any]) -> str:
    """Return the text of a kind's config, equal for a type and its name: ``ClassToken(blocks=4)``."""
    settings = {key: kind_text(value) if isinstance(value, dict) else value for key, value in kind.items()}
    arguments = ', '.join(f'{key}={settings[key]}' for key in sorted(settings) if key != 'type')
    return f'{type_name(kind["type"])}({arguments})'


@dataclass
class NetworkOutput:
    """Output of a network for a batch of images.

    Attributes:
        pooled: ``[B, C]``, the result of the model's ``extract_feat``.
        blocks: Tokens ``[B, extra + h w, C]`` after each block of a vision transformer, in order.
        grid: Rows and columns ``(h, w)`` of patches of a vision transformer.
        maps: Last map ``[B, C, h, w]`` of a convolutional network.
    """

    pooled: Tensor
    blocks: list[Tensor] = field(default_factory=list)
    grid: tuple[int, int] = (0, 0)
    maps: Tensor | None = None


class Observer:
    """Forward passes of a model that are shared by all kinds of features: each batch passes once.

    Args:
        model: Model with ``extract_feat`` and ``feature_backbone``, the network behind it.
        layers: Whether outputs of layers are kept; without them only ``pooled`` is available.
    """

    def __init__(self, model: Any, layers: bool = True) -> None:
        self.model = model
        self.backbone: nn.Module = getattr(model.feature_backbone, 'model', model.feature_backbone)  # timm's inside
        self.vit = describe_vit(self.backbone)
        self.places = self._places() if layers else {}
        self.latest: tuple[Tensor, NetworkOutput] | None = None

    @torch.no_grad()
    def __call__(self, images: Tensor) -> NetworkOutput:
        """Return the output of the network for images ``[B, 3, H, W]``."""
        if self.latest is None or self.latest[0] is not images:
            record: dict[str, Any] = {}
            with watch(self.places, partial(_note, record)):
                pooled = self.model.extract_feat(images)
            self.latest = (images, NetworkOutput(pooled, **record))
        return self.latest[1]

    def _places(self) -> dict[str, Place]:
        """Name the modules to watch: a transformer's blocks and patch projection, else the whole network."""
        if self.vit is None:
            return dict(map=Place(self.backbone))
        blocks = {f'block{number}': Place(block) for number, block in enumerate(self.vit.blocks)}
        return dict(grid=Place(self.vit.projection), **blocks)

    def tokens(self, images: Tensor, num_blocks: int) -> list[Tensor]:
        """Return tokens ``[B, extra + h w, C]`` after each of the last blocks and the final norm.

        Raises:
            ValueError: The network has fewer blocks, or none.
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
        """Return the last map ``[B, h, w, C]`` of a network without tokens; timm's networks, which pool it, run again.

        Raises:
            ValueError: The network has no map.
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
        """Number of class tokens and registers before the patch tokens."""
        return self.vit.num_extra_tokens if self.vit else 0


def _note(record: dict[str, Any], name: str, output: Any) -> None:
    """Keep the output of a watched module as the field of :class:`NetworkOutput` that it belongs to."""
    last = output[-1] if isinstance(output, (tuple, list)) else output
    if name.startswith('block'):
        record.setdefault('blocks', []).append(output)
    elif name == 'grid':
        record['grid'] = tuple(output.shape[-2:])
    elif last.ndim == 4:
        record['maps'] = last


@FEATURES.register_module()
class Pooled:
    """Class token of a ViT's last block, or mean over the last map of a convolutional network: ``[B, C]``."""

    needs_layers = False

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        """Return the features of images ``[B, 3, H, W]``."""
        return observer(images).pooled


@FEATURES.register_module()
class ClassToken:
    """Class tokens of a ViT's last blocks, side by side: ``[B, blocks C]`` (DINO's linear probe of ViT-S: 4).

    Args:
        blocks: Number of blocks.
    """

    @checked
    def __init__(self, blocks: PositiveInt = 1) -> None:
        self.blocks = blocks

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        """Return the features of images ``[B, 3, H, W]``."""
        return torch.cat([tokens[:, 0] for tokens in observer.tokens(images, self.blocks)], dim=1)


@FEATURES.register_module()
class ClassAndMeanPatch:
    """Class token and mean patch token of a ViT's last block: ``[B, 2 C]`` (DINO's linear probe of ViT-B)."""

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        """Return the features of images ``[B, 3, H, W]``."""
        (tokens,) = observer.tokens(images, 1)
        return torch.cat([tokens[:, 0], tokens[:, observer.num_extra_tokens :].mean(dim=1)], dim=1)


@FEATURES.register_module()
class ClassAndGeMPatch:
    """Class token and generalised mean of the patch tokens of a ViT's last block: ``[B, 2 C]`` (DINO's copy detection).

    The mean is (1/n sum_i max(x_i, 1e-6)^power)^(1/power), Radenovic et al. (arXiv 1711.02512).

    Args:
        power: Power of the mean: 1 is the mean of positive values, infinity the maximum.
    """

    @checked
    def __init__(self, power: Annotated[float, Bounds(least=1)] = 4) -> None:
        self.power = power

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        """Return the features of images ``[B, 3, H, W]``."""
        (tokens,) = observer.tokens(images, 1)
        patches = tokens[:, observer.num_extra_tokens :].clamp(min=1e-6)
        return torch.cat([tokens[:, 0], patches.pow(self.power).mean(dim=1).pow(1 / self.power)], dim=1)


@FEATURES.register_module()
class PatchTokens:
    """Patch tokens of a ViT's last block, or last map of a convolutional network: ``[B, h, w, C]``."""

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        """Return the features of images ``[B, 3, H, W]``."""
        if observer.vit is None:
            return observer.last_map(images)
        seen = observer(images)
        (tokens,) = observer.tokens(images, 1)
        return tokens[:, observer.num_extra_tokens :].unflatten(1, seen.grid)


@FEATURES.register_module()
class MultiScale:
    """Mean of a kind of features over rescaled images, of unit norm: ``[B, C]`` (protocol of retrieval).

    Args:
        scales: Factors of the images' sides.
        of: Config of the kind.
    """

    @checked
    def __init__(self, scales: Positives = (1.0, 2**-0.5, 0.5), of: dict[str, Any] | None = None) -> None:
        self.scales = scales
        self.of = FEATURES.build(of or dict(type='Pooled'))
        self.needs_layers = getattr(self.of, 'needs_layers', True)

    def __call__(self, observer: Observer, images: Tensor) -> Tensor:
        """Return the features of images ``[B, 3, H, W]``."""
        feats = [self.of(observer, _rescaled(images, scale)) for scale in self.scales]
        return F.normalize(torch.stack(feats).sum(dim=0), dim=-1)


def _rescaled(images: Tensor, scale: float) -> Tensor:
    return images if scale == 1 else F.interpolate(images, scale_factor=scale, mode='bilinear', align_corners=False)
