"""Conversion of released weights to sslreg's encoders."""

from typing import Any

from torch import Tensor

from sslreg.models.introspection import describe_vit

from .names import timm_name
from .positions import fit_positions
from .tensors import Conversion, Weights


def to_encoder(weights: Weights, model: Any, partial: bool = False) -> Conversion:
    """Convert weights to the names and the position grid of an encoder's backbone.

    Args:
        weights: Weights of a backbone.
        model: An :class:`Encoder`.
        partial: Whether to take the common tensors only and keep the initial values of the others.

    Raises:
        ValueError: The model has more than a backbone, or its backbone is another network.
    """
    _check_encoder(model)
    initial: dict[str, Tensor] = model.backbone.state_dict()
    names = {timm_name(name): name for name in initial}
    description = describe_vit(model.backbone)
    if description is not None and 'pos_embed' in weights.tensors.keys() & names.keys():
        weights = fit_positions(weights, initial[names['pos_embed']].shape[1], description.grid)
    conversion = _matched(weights, names, initial)
    _check_match(conversion, partial)
    _check_shapes(conversion, initial)
    return conversion


def _matched(weights: Weights, names: dict[str, str], initial: dict[str, Tensor]) -> Conversion:
    """Match weights with the network's names, given by timm's names."""
    common = {name: names[name] for name in weights.tensors if name in names}
    return Conversion(
        tensors=initial | {new: weights.tensors[name] for name, new in common.items()},
        matched={weights.origin[name]: new for name, new in common.items()},
        notes={names[name]: note for name, note in weights.notes.items() if name in names},
        unmatched=[old for name, old in weights.origin.items() if name not in names],
        missing=[new for name, new in names.items() if name not in weights.tensors],
        left_out=weights.left_out,
    )


def _check_encoder(model: Any) -> None:
    others = [name for name in model.state_dict() if not name.startswith('backbone.')]
    if others:
        raise ValueError(
            f'a {type(model).__name__} is more than a backbone ({others[0]}): give a config of an Encoder, e.g. '
            'configs/encoders/vit.py'
        )


def _check_match(conversion: Conversion, partial: bool) -> None:
    unmatched, missing = conversion.unmatched, conversion.missing
    if not conversion.matched:
        raise ValueError(
            f"none of the file's {len(unmatched)} tensors ({_first(unmatched)}) is one of the network's "
            f'({_first(missing)}): the file holds another network, or no backbone'
        )
    if (unmatched or missing) and not partial:
        raise ValueError(
            f"{len(unmatched)} of the file's tensors have no place in the network ({_first(unmatched)}) and "
            f"{len(missing)} of the network's are not in the file ({_first(missing)}): give the config of the same "
            'architecture, or --partial to keep the initial values of the others'
        )


def _check_shapes(conversion: Conversion, initial: dict[str, Tensor]) -> None:
    for old, name in conversion.matched.items():
        given, expected = (tuple(tensors[name].shape) for tensors in (conversion.tensors, initial))
        if given != expected:
            raise ValueError(
                f"{old} has the shape {given} and the network's {name} {expected}: give the config of the same "
                'architecture'
            )


def _first(names: list[str]) -> str:
    return f'first: {names[0]}' if names else 'none'
