"""A pre-trained backbone in a checkpoint, held against the module that is to take it. Pure functions."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from sslreg.models.checkpoints import check_checkpoint


@dataclass(frozen=True)
class Target:
    """A part of a network that starts from a checkpoint.

    Attributes:
        name: Of the module, ``'backbone'``.
        module: Its ``init_cfg`` is MMEngine's ``dict(type='Pretrained', checkpoint=..., prefix=...)``.
        checkpoint: Path.
        prefix: Of its tensors in the file, with a dot at its end; empty for a file of nothing else.
    """

    name: str
    module: nn.Module
    checkpoint: str
    prefix: str


def targets(model: nn.Module) -> list[Target]:
    """The parts of ``model`` that are to be loaded from files."""
    found = []
    for name, module in model.named_modules():
        for cfg in _as_list(getattr(module, 'init_cfg', None)):
            if getattr(cfg['type'], '__name__', cfg['type']) in ('Pretrained', 'PretrainedInit'):
                prefix = cfg.get('prefix') or ''
                found.append(Target(name, module, cfg.get('checkpoint') or '', _dotted(prefix)))
    return found


def read(target: Target) -> dict[str, Tensor]:
    """All tensors of a target's file, by their names there.

    Raises:
        ValueError: No file is named.
        FileNotFoundError, ValueError: It is missing, or no checkpoint.
    """
    if not target.checkpoint:
        raise ValueError(
            f'{target.name} has no checkpoint to start from: give one on the command line, or as --cfg-options '
            f'model.{target.name}.init_cfg.checkpoint=FILE; `none` on the command line starts it at random'
        )
    check_checkpoint(target.checkpoint)
    state = torch.load(target.checkpoint, map_location='cpu', weights_only=True)
    state = state.get('state_dict', state)
    return {name: value for name, value in state.items() if isinstance(value, Tensor)}


def check(target: Target, state: dict[str, Tensor], fresh: Sequence[str]) -> dict[str, Tensor]:
    """The tensors of the target in ``state`` by their own names.

    Args:
        target: Which part.
        state: All of its file.
        fresh: Beginnings of names, from the model's root, of tensors that start anew on purpose.

    Raises:
        ValueError: None begins with the prefix, or what does is another network's.
    """
    ours = {name.removeprefix(target.prefix): value for name, value in state.items() if name.startswith(target.prefix)}
    own = target.module.state_dict()
    if not ours.keys() & own.keys():
        raise ValueError(_nothing(target, state, own))
    missing = [name for name in own if name not in ours and not f'{target.name}.{name}'.startswith(tuple(fresh))]
    other = [
        name for name in own if name in ours and ours[name].shape != own[name].shape and not _resampled(target, name)
    ]
    if missing or other:
        raise ValueError(_misfit(target, own, ours, missing, other))
    return {name: value for name, value in ours.items() if name in own}


def check_used(loaded: Iterable[tuple[Target, dict[str, Tensor]]], states: dict[str, dict[str, Tensor]]) -> None:
    """Raise ValueError if a file has tensors by a target's prefix that no target of this prefix takes."""
    used: dict[tuple[str, str], set[str]] = {}
    for target, tensors in loaded:
        used.setdefault((target.checkpoint, target.prefix), set()).update(tensors)
    for (checkpoint, prefix), names in used.items():
        own = [name.removeprefix(prefix) for name in states[checkpoint] if name.startswith(prefix)]
        surplus = [name for name in own if name not in names]
        if surplus:
            raise ValueError(
                f'{checkpoint!r} has {len(surplus)} of {len(own)} tensors {prefix}* that this network has no place for '
                f'(first: {prefix}{surplus[0]}): it is of a larger network, or of more than a backbone; give the '
                'backbone the depth of pre-training, or leave these tensors out of the file'
            )


def changed(loaded: Iterable[tuple[Target, dict[str, Tensor]]]) -> list[str]:
    """Names of tensors that are not, bit for bit, what the file has."""
    names = []
    for target, tensors in loaded:
        own = target.module.state_dict()
        for name, value in tensors.items():
            if own[name].shape == value.shape and not own[name].cpu().equal(value.to(own[name].dtype)):
                names.append(f'{target.name}.{name}')
    return names


def prefixes(state: dict[str, Any], own: Iterable[str]) -> list[str]:
    """Where in a file a network of these names is, the most complete first."""
    found: Counter[str] = Counter()
    for wanted in own:
        found.update(name.removesuffix(wanted) for name in state if name.endswith(wanted))
    best = max(found.values(), default=0)
    return [prefix for prefix, count in found.most_common() if count == best and (prefix.endswith('.') or not prefix)]


def _nothing(target: Target, state: dict[str, Tensor], own: dict[str, Tensor]) -> str:
    there = prefixes(state, own)
    begins = any(name.startswith(target.prefix) for name in state)
    what = 'are named otherwise than in this network' if begins else 'are not in it'
    problem = f'{target.checkpoint!r}: tensors {target.prefix}* of {type(target.module).__name__} {what}'
    if not there:
        return f'{problem}, and none by another prefix fits; for other codes use tools/convert_checkpoint.py'
    teacher = ' (a method without a teacher has its backbone there)' if 'teacher' in target.prefix else ''
    option = there[0] or "''"
    found = ' or '.join(map(repr, there))
    return f'{problem}, but by the prefix {found}{teacher}: add --prefix {option}'


def _misfit(
    target: Target, own: dict[str, Tensor], ours: dict[str, Tensor], missing: list[str], other: list[str]
) -> str:
    problem = f'{target.checkpoint!r} does not fit {target.name} ({type(target.module).__name__}): '
    if other:
        name = other[0]
        return (
            f'{problem}{len(other)} of {len(own)} tensors have another shape (first: {name}, {_shape(ours[name])} in '
            f'the file, {_shape(own[name])} here); give model.{target.name} the width and depth of pre-training'
        )
    return (
        f'{problem}{len(missing)} of {len(own)} tensors are not in the file (first: {missing[0]}); give '
        f'model.{target.name} the depth of pre-training'
    )


def _resampled(target: Target, name: str) -> bool:
    """Positions of another grid, which mmpretrain's ViTs interpolate as they are loaded."""
    return name == 'pos_embed' and hasattr(target.module, '_prepare_pos_embed')


def _shape(tensor: Tensor) -> str:
    return 'x'.join(map(str, tensor.shape)) or 'a scalar'


def _dotted(prefix: str) -> str:
    return prefix if prefix.endswith('.') or not prefix else f'{prefix}.'


def _as_list(cfg: Any) -> list[Any]:
    return cfg if isinstance(cfg, list) else [cfg] if cfg else []
