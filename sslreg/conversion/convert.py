"""Conversion of a backbone into the names and shapes of another codebase."""

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from sslreg.models.introspection import describe_vit

from .names import IBOT, REGISTERS, SWIGLU, Weights, renamed, timm_name

FORMS = ('timm', 'dino', 'dinov2')


@dataclass
class Conversion:
    """A converted backbone and what became of each tensor.

    Attributes:
        tensors: Names in the target codebase -> tensors.
        matched: Names in the file -> names in ``tensors``.
        notes: Names in ``tensors`` -> changes of tensors that differ from the file.
        unmatched: Names in the file that the network does not have.
        missing: Names of the network that the file does not have; these tensors stay as initialised.
        left_out: Names in the file that are not part of a backbone.
    """

    tensors: dict[str, Tensor]
    matched: dict[str, str]
    notes: dict[str, str]
    unmatched: list[str]
    missing: list[str]
    left_out: list[str]


def to_encoder(weights: Weights, model: Any, partial: bool = False) -> Conversion:
    """Convert to the names of an Encoder's backbone. Positions of another grid than the config's are resampled.

    Args:
        weights: The backbone's weights.
        model: An :class:`Encoder`.
        partial: Convert the tensors that the network has, and keep its other tensors as initialised.

    Raises:
        ValueError: The model is more than a backbone, or its backbone is another network.
    """
    _check_encoder(model)
    own: dict[str, Tensor] = model.backbone.state_dict()
    places = {timm_name(name): name for name in own}
    weights = _with_positions_of(weights, model.backbone, own.get(places.get('pos_embed', '')))
    common = {name: places[name] for name in weights.tensors if name in places}
    conversion = Conversion(
        tensors=own | {place: weights.tensors[name] for name, place in common.items()},
        matched={weights.origin[name]: place for name, place in common.items()},
        notes={places[name]: note for name, note in weights.notes.items() if name in places},
        unmatched=[old for name, old in weights.origin.items() if name not in places],
        missing=[place for name, place in places.items() if name not in weights.tensors],
        left_out=weights.left_out,
    )
    _check(conversion, own, partial)
    return conversion


def _check_encoder(model: Any) -> None:
    """Raise ValueError unless a model is a backbone alone."""
    more = [name for name in model.state_dict() if not name.startswith('backbone.')]
    if more:
        raise ValueError(
            f'a {type(model).__name__} is more than a backbone ({more[0]}): give a config of an Encoder, e.g. '
            'configs/encoders/vit.py'
        )


def _with_positions_of(weights: Weights, backbone: Any, position: Tensor | None) -> Weights:
    """Resample positions to the grid of a vision transformer with positions ``[1, tokens, C]``; None: it has none."""
    parts = describe_vit(backbone)
    if parts is None or position is None or 'pos_embed' not in weights.tensors:
        return weights
    return _on_grid(weights, position.shape[1], parts.grid)


def _check(conversion: Conversion, own: dict[str, Tensor], partial: bool) -> None:
    """Raise ValueError unless the file's tensors are the network's, or with ``partial`` some of them."""
    unmatched, missing = conversion.unmatched, conversion.missing
    if not conversion.matched:
        raise ValueError(
            f"none of the file's {len(unmatched)} tensors ({_first(unmatched)}) is one of the network's "
            f'({_first(missing)}): it holds another network, or no backbone'
        )
    if (unmatched or missing) and not partial:
        raise ValueError(
            f"{len(unmatched)} of the file's tensors have no place in the network ({_first(unmatched)}) and "
            f"{len(missing)} of the network's are not in the file ({_first(missing)}): give the config of the same "
            'architecture, or --partial to keep the rest as initialised'
        )
    for old, name in conversion.matched.items():
        shapes = [tuple(tensors[name].shape) for tensors in (conversion.tensors, own)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"{old} has the shape {shapes[0]} and the network's {name} {shapes[1]}: give the config of the same "
                'architecture'
            )


def _first(names: list[str]) -> str:
    """Return the first name for an error message."""
    return f'first: {names[0]}' if names else 'none'


def _on_grid(weights: Weights, num_tokens: int, grid: tuple[int, int]) -> Weights:
    """Resample positions to h x w patches: ``[1, extra + side**2, C] -> [1, num_tokens, C]``."""
    position = weights.tensors['pos_embed']
    if position.shape[1] == num_tokens:
        return weights
    extra = num_tokens - grid[0] * grid[1]
    side = math.isqrt(max(position.shape[1] - extra, 0))
    if side**2 != position.shape[1] - extra:
        raise ValueError(
            f'pos_embed holds {position.shape[1]} positions, {extra} of them without a patch: the others are not a '
            "square grid, so they cannot be resampled; set the backbone's img_size to that of the pre-training"
        )
    registers = 'reg_token' in weights.tensors
    position = torch.cat([position[:, :extra], resampled(position[:, extra:], side, grid, registers)], dim=1)
    how = 'antialiased' if registers else 'not antialiased'
    note = f'resampled from {side} x {side} to {grid[0]} x {grid[1]} (bicubic, {how})'
    notes = weights.notes | dict(pos_embed='; '.join([*filter(None, [weights.notes.get('pos_embed')]), note]))
    return replace(weights, tensors=weights.tensors | dict(pos_embed=position), notes=notes)


def resampled(position: Tensor, side: int, grid: tuple[int, int], registers: bool) -> Tensor:
    """Resample positions ``[1, side**2, C] -> [1, h w, C]`` as the released codes do for an image of another size.

    DINO, iBOT, MaSSL and DINOv2 scale by (h + 0.1) / side, so that side times scale is not rounded down, and sample at
    that scale. DINOv2's networks with registers scale by h / side with an antialiasing filter.

    Args:
        position: Positions of a square grid of patches.
        side: Side of that grid.
        grid: Height and width (h, w) of the new grid.
        registers: Whether the network has registers.
    """
    offset = 0.0 if registers else 0.1
    scale = tuple((length + offset) / side for length in grid)
    image = position.float().unflatten(1, (side, side)).movedim(-1, 1)
    options: dict[str, Any] = dict(size=grid) if registers else dict(scale_factor=scale)
    image = F.interpolate(image, mode='bicubic', antialias=registers, **options)
    return image.flatten(2).mT.to(position.dtype)


def to_form(weights: Weights, form: str) -> Conversion:
    """Convert to the names of ``timm``, ``dino`` (also for iBOT and MaSSL) or ``dinov2``.

    Raises:
        ValueError: That codebase has no such networks.
    """
    table = _table_of(weights, form)
    if form == 'dinov2':
        weights = _with_dinov2s_tokens(weights)
    back = {new: old for old, new in table.items()}
    names = {name: renamed(name, back) for name in weights.tensors}
    return Conversion(
        tensors={names[name]: tensor for name, tensor in weights.tensors.items()},
        matched={old: names[name] for name, old in weights.origin.items()},
        notes={names[name]: note for name, note in weights.notes.items()},
        unmatched=[],
        missing=[names[name] for name in weights.tensors if name not in weights.origin],
        left_out=weights.left_out,
    )


def _table_of(weights: Weights, form: str) -> dict[str, str]:
    """Return the names of a codebase that differ from timm's, as its names -> timm's."""
    gated = _is_gated(weights.tensors)
    if form == 'dino':
        if gated or 'reg_token' in weights.tensors:
            raise ValueError("DINO's networks have neither registers nor SwiGLU: use --to dinov2 or timm")
        return IBOT
    if form == 'dinov2':
        return REGISTERS | (SWIGLU if gated else {})
    return {}


def _is_gated(tensors: dict[str, Tensor]) -> bool:
    """Return whether the blocks' MLP is SwiGLU: its first layer is twice as wide as the second one's input."""
    first, second = (tensors.get(f'blocks.0.mlp.fc{i}.weight') for i in (1, 2))
    return first is not None and second is not None and first.shape[0] == 2 * second.shape[1]


def _with_dinov2s_tokens(weights: Weights) -> Weights:
    """Add the token of masked images, which strict loading needs, and a position of the class token."""
    tensors, notes = dict(weights.tensors), dict(weights.notes)
    if 'cls_token' not in tensors:
        raise ValueError("DINOv2's networks are vision transformers, this one has no class token: use --to timm")
    tensors['mask_token'] = torch.zeros_like(tensors['cls_token'][0])
    notes['mask_token'] = 'zeros, used in training only'
    if 'reg_token' in tensors:
        tensors['pos_embed'] = torch.cat([torch.zeros_like(tensors['cls_token']), tensors['pos_embed']], dim=1)
        notes['pos_embed'] = 'zeros for the class token, which holds its position'
    return replace(weights, tensors=tensors, notes=notes)
