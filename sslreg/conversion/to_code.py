"""Conversion of weights to the names of other codes."""

from dataclasses import replace

import torch
from torch import Tensor

from .loadable import check_loadable
from .names import IBOT, REGISTERS, SWIGLU, renamed
from .tensors import Conversion, Weights

CODES = ('timm', 'dino', 'dinov2')


def to_code(weights: Weights, code: str, model_name: str = '') -> Conversion:
    """Convert weights to the names of another code.

    Args:
        weights: Weights of a backbone.
        code: ``'timm'``, ``'dino'`` (also iBOT's and MaSSL's names) or ``'dinov2'``.
        model_name: Name of the network in timm; vision transformers and ResNets do not need it.

    Raises:
        ValueError: The code has no such networks, so that it could not load the result.
    """
    check_loadable(weights, code, model_name)
    if code == 'dinov2':
        weights = _with_dinov2_tokens(weights)
    new_to_old = {new: old for old, new in _table(weights.tensors, code).items()}
    names = {name: renamed(name, new_to_old) for name in weights.tensors}
    return Conversion(
        tensors={names[name]: tensor for name, tensor in weights.tensors.items()},
        matched={old: names[name] for name, old in weights.origin.items()},
        notes={names[name]: note for name, note in weights.notes.items()},
        unmatched=[],
        missing=[names[name] for name in weights.tensors if name not in weights.origin],
        left_out=weights.left_out,
    )


def _table(tensors: dict[str, Tensor], code: str) -> dict[str, str]:
    """Return timm's name prefixes by those of the code."""
    gated = _is_gated(tensors)
    if code == 'dinov2':
        return REGISTERS | (SWIGLU if gated else {})
    if code == 'timm':
        return {}
    if gated or 'reg_token' in tensors:
        raise ValueError("DINO's networks have neither registers nor SwiGLU: use --to dinov2 or timm")
    return IBOT


def _is_gated(tensors: dict[str, Tensor]) -> bool:
    """Return whether blocks have SwiGLU, whose first layer has twice the width of the second layer's input."""
    first, second = (tensors.get(f'blocks.0.mlp.fc{i}.weight') for i in (1, 2))
    return first is not None and second is not None and first.shape[0] == 2 * second.shape[1]


def _with_dinov2_tokens(weights: Weights) -> Weights:
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
