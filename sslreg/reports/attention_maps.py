"""Attention maps and patch features of vision transformers (Caron et al. 2021, figures 1 and 4)."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib import colormaps
from mmpretrain.models.utils import MultiheadAttention
from timm.models.vision_transformer import Attention
from torch import Tensor, nn

from sslreg.models.introspection import Place, VisionTransformerParts, capture, describe_vit

from .plots import DPI
from .sheets import Cell, contact_sheet, to_rgb


class PatchMaps(NamedTuple):
    """Attention and features of B images with h x w patches.

    Attributes:
        attention: Attention of the class token in the last block, ``[B, heads, h, w]``. The sum of each map is below 1:
            the class token attends to itself and to registers, too.
        tokens: Patch tokens after the last norm, ``[B, h, w, C]``.
    """

    attention: Tensor
    tokens: Tensor


@torch.no_grad()
def patch_maps(backbone: nn.Module, images: Tensor) -> PatchMaps:
    """Run a vision transformer and return the attention of its last block with the patch tokens.

    Fused attention does not return its weights, so they are computed again from the input of the block.

    Args:
        backbone: VisionTransformer of mmpretrain or timm, or a module around it, e.g. ``TimmBackbone``.
        images: Normalised images ``[B, 3, H, W]``.

    Raises:
        ValueError: The backbone is not such a transformer or has no class token, or the patches do not fill the images.
    """
    attention, norm, parts = _parts(backbone)
    places = dict(grid=Place(parts.projection), entering=Place(attention, before=True), tokens=Place(norm))
    with capture(places) as kept:
        backbone(images)
    prefix, grid = parts.num_extra_tokens, tuple(kept['grid'].shape[-2:])
    weights, tokens = class_attention(attention, kept['entering'][0])[..., prefix:], kept['tokens'][:, prefix:]
    _check_filled(grid, parts.patch, images)
    return PatchMaps(weights.unflatten(-1, grid), tokens.unflatten(1, grid))


def class_attention(attention: Any, tokens: Tensor) -> Tensor:
    """Compute the attention of the first token on all N tokens: ``[B, N, C] -> [B, heads, N]``.

    Args:
        attention: Attention module of mmpretrain or timm.
        tokens: Input of the attention module.
    """
    query, key, _ = attention.qkv(tokens).unflatten(-1, (3, attention.num_heads, -1)).unbind(2)
    query, key = (getattr(attention, name, nn.Identity())(x) for name, x in (('q_norm', query), ('k_norm', key)))
    logits = torch.einsum('bhd,bnhd->bhn', query[:, 0], key) / key.shape[-1] ** 0.5
    return logits.float().softmax(dim=-1)


def _parts(backbone: nn.Module) -> tuple[Any, nn.Module, VisionTransformerParts]:
    """Return the last attention of a transformer, its last norm and its parts."""
    parts = describe_vit(backbone)
    attention: Any = getattr(parts.blocks[-1], 'attn', None) if parts else None
    if parts is None or type(attention) not in (MultiheadAttention, Attention):
        raise ValueError(
            f"{type(backbone).__name__} has no blocks with mmpretrain's or timm's plain attention: give a config of a "
            'vision transformer, e.g. configs/massl/vits_800e.py'
        )
    if not (parts.num_extra_tokens and getattr(parts.vit, 'has_class_token', True)):
        raise ValueError(f'this {type(parts.vit).__name__} has no class token whose attention could be shown')
    return attention, parts.norm or parts.blocks[-1], parts


def _check_filled(grid: tuple[int, ...], patch: tuple[int, int], images: Tensor) -> None:
    """Raise ValueError unless the patches fill the images, so that maps can be drawn over them."""
    height, width = images.shape[-2:]
    if (grid[0] * patch[0], grid[1] * patch[1]) != (height, width):
        raise ValueError(
            f'{grid[0]} x {grid[1]} patches of {patch[0]} x {patch[1]} pixels do not fill images of {height} x '
            f'{width}: choose sides that are multiples of the patch size'
        )


def mass_mask(attention: Tensor, share: float = 0.6) -> Tensor:
    """Select the fewest patches that hold a share of the attention.

    Args:
        attention: Attention maps ``[..., h, w]``.
        share: Share of the sum of each map, above 0 and at most 1.

    Returns:
        Boolean masks ``[..., h, w]``.

    Raises:
        ValueError: The share is out of range.
    """
    if not 0 < share <= 1:
        raise ValueError(f'share={share} of the mass must be above 0 and at most 1')
    mass, order = attention.flatten(-2).sort(dim=-1, descending=True)
    before = mass.cumsum(dim=-1) - mass
    kept = before < share * mass.sum(dim=-1, keepdim=True)
    return torch.zeros_like(kept).scatter(-1, order, kept).view(attention.shape)


def pca_colours(tokens: Tensor) -> np.ndarray[Any, Any]:
    """Map the three main components of an image's patches to red, green and blue: ``[h, w, C] -> [h, w, 3]`` uint8.

    Each component is stretched to the whole range, with the sign that makes its largest weight positive.
    """
    flat = tokens.flatten(0, 1).float()
    flat = flat - flat.mean(dim=0)
    axes = torch.linalg.svd(flat, full_matrices=False).Vh[:3]
    axes = axes * axes.gather(1, axes.abs().argmax(dim=1, keepdim=True)).sign()
    scores = flat @ axes.T
    low, high = scores.aminmax(dim=0)
    colours = ((scores - low) / (high - low).clamp(min=1e-12)).view(*tokens.shape[:2], 3)
    return (255 * colours).round().byte().cpu().numpy()


def attention_sheet(path: Path | str, photograph: Tensor, maps: PatchMaps, share: float = 0.6) -> None:
    """Write a PNG with the attention of each head and of their mean, their main mass, and the patches' colours by PCA.

    Args:
        path: PNG file to write.
        photograph: Image ``[3, H, W]``, uint8, BGR.
        maps: Attention and tokens of this image alone.
        share: Share of the attention that the masks hold.
    """
    image = to_rgb(photograph)
    attention = torch.cat([maps.attention[0].mean(dim=0, keepdim=True), maps.attention[0]])
    names = ['mean of heads', *(f'head {head}' for head in range(1, len(attention)))]
    heat = [Cell(_heat(weights, image.shape), name) for weights, name in zip(attention, names, strict=True)]
    main = [Cell(_spotlight(image, mask), f'{share:.0%} of it') for mask in mass_mask(attention, share)]
    colours = Cell(_enlarge(pca_colours(maps.tokens[0]), image.shape), 'PCA of patches')
    groups = [('Image', 1), ('Attention of the class token', 1), ('', len(attention) - 1)]
    contact_sheet(path, groups, [[Cell(image, 'input of the network'), *heat], [colours, *main]], dpi=2 * DPI)


def _heat(weights: Tensor, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    colours = colormaps['inferno']((weights / weights.max()).cpu().numpy())[..., :3]
    return _enlarge((255 * colours).round().astype(np.uint8), shape)


def _spotlight(image: np.ndarray[Any, Any], mask: Tensor) -> np.ndarray[Any, Any]:
    """Darken the image outside of the mask."""
    bright = _enlarge(mask.cpu().numpy(), image.shape)[..., None]
    return np.where(bright, image, image // 5)


def _enlarge(patches: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    rows, columns = shape[0] // patches.shape[0], shape[1] // patches.shape[1]
    return patches.repeat(rows, axis=0).repeat(columns, axis=1)
