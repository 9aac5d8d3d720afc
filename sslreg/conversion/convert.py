"""A backbone's tensors in the names and shapes of another code."""

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
    """What became of each tensor.

    Attributes:
        tensors: The backbone's, by the names of the code that they are for.
        matched: Names in the file -> names in ``tensors``.
        notes: What was done to tensors that are not as in the file, by their new names.
        unmatched: Names of the file's tensors that the network does not have.
        missing: Names of the network's tensors that the file does not have; they are as initialised.
        left_out: Names in the file that belong to no backbone.
    """

    tensors: dict[str, Tensor]
    matched: dict[str, str]
    notes: dict[str, str]
    unmatched: list[str]
    missing: list[str]
    left_out: list[str]


def to_encoder(weights: Weights, model: Any, partial: bool = False) -> Conversion:
    """For an ``Encoder``, by the names in its backbone. Positions of another grid than the config's are resampled.

    Args:
        weights: Of the backbone.
        model: An :class:`Encoder`.
        partial: Take what the network has, and keep the rest of it as initialised.

    Raises:
        ValueError: The model is more than a backbone, or its backbone is another network.
    """
    more = [name for name in model.state_dict() if not name.startswith('backbone.')]
    if more:
        raise ValueError(
            f'a {type(model).__name__} is more than a backbone ({more[0]}): give a config of an Encoder, e.g. '
            'configs/encoders/vit.py'
        )
    own: dict[str, Tensor] = model.backbone.state_dict()
    places = {timm_name(name): name for name in own}
    parts = describe_vit(model.backbone)
    if parts is not None and 'pos_embed' in weights.tensors.keys() & places.keys():
        weights = _on_grid(weights, own[places['pos_embed']].shape[1], parts.grid)
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


def _check(conversion: Conversion, own: dict[str, Tensor], partial: bool) -> None:
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
    return f'first: {names[0]}' if names else 'none'


def _on_grid(weights: Weights, num_tokens: int, grid: tuple[int, int]) -> Weights:
    """With positions for h x w patches: ``[1, extra + side**2, C] -> [1, num_tokens, C]``."""
    position = weights.tensors['pos_embed']
    if position.shape[1] == num_tokens:
        return weights
    extra = num_tokens - grid[0] * grid[1]
    side = math.isqrt(max(position.shape[1] - extra, 0))
    if side**2 != position.shape[1] - extra:
        raise ValueError(
            f'pos_embed holds {position.shape[1]} positions, {extra} of them of no patch: the others are no square '
            "grid that could be resampled; set the backbone's img_size to that of the pre-training"
        )
    registers = 'reg_token' in weights.tensors
    position = torch.cat([position[:, :extra], resampled(position[:, extra:], side, grid, registers)], dim=1)
    how = 'antialiased' if registers else 'not antialiased'
    note = f'resampled from {side} x {side} to {grid[0]} x {grid[1]} (bicubic, {how})'
    notes = weights.notes | dict(pos_embed='; '.join([*filter(None, [weights.notes.get('pos_embed')]), note]))
    return replace(weights, tensors=weights.tensors | dict(pos_embed=position), notes=notes)


def resampled(position: Tensor, side: int, grid: tuple[int, int], registers: bool) -> Tensor:
    """Positions ``[1, side**2, C] -> [1, h w, C]`` as the released codes make them for an image of another size.

    DINO, iBOT, MaSSL and DINOv2 scale by (h + 0.1) / side, so that its product is not rounded down, and sample at that
    scale; DINOv2's networks with registers scale by h / side and filter.
    """
    offset = 0.0 if registers else 0.1
    scale = tuple((length + offset) / side for length in grid)
    image = position.float().unflatten(1, (side, side)).movedim(-1, 1)
    options: dict[str, Any] = dict(size=grid) if registers else dict(scale_factor=scale)
    image = F.interpolate(image, mode='bicubic', antialias=registers, **options)
    return image.flatten(2).mT.to(position.dtype)


def to_form(weights: Weights, form: str) -> Conversion:
    """For another code: the names of ``timm``, ``dino`` (also iBOT's and MaSSL's) or ``dinov2``.

    Raises:
        ValueError: That code has no such networks.
    """
    tensors = weights.tensors
    gated = 'blocks.0.mlp.fc1.weight' in tensors and (
        tensors['blocks.0.mlp.fc1.weight'].shape[0] == 2 * tensors['blocks.0.mlp.fc2.weight'].shape[1]
    )
    table = {}
    if form == 'dino':
        if gated or 'reg_token' in tensors:
            raise ValueError("DINO's networks have neither registers nor SwiGLU: use --to dinov2 or timm")
        table = IBOT
    if form == 'dinov2':
        weights = _with_dinov2s_tokens(weights)
        table = REGISTERS | (SWIGLU if gated else {})
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


def _with_dinov2s_tokens(weights: Weights) -> Weights:
    """With the token of masked images, which strict loading asks for, and a position of the class token."""
    tensors, notes = dict(weights.tensors), dict(weights.notes)
    if 'cls_token' not in tensors:
        raise ValueError("DINOv2's networks are vision transformers, this one has no class token: use --to timm")
    tensors['mask_token'] = torch.zeros_like(tensors['cls_token'][0])
    notes['mask_token'] = 'zeros, used in training only'
    if 'reg_token' in tensors:
        tensors['pos_embed'] = torch.cat([torch.zeros_like(tensors['cls_token']), tensors['pos_embed']], dim=1)
        notes['pos_embed'] = 'zeros for the class token, which holds its position'
    return replace(weights, tensors=tensors, notes=notes)
