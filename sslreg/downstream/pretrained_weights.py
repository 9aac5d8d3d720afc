"""Match of the pre-trained tensors in a checkpoint with the parts of a model that start from them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from sslreg.models.checkpoints import load_checkpoint
from sslreg.registry import type_name

PRETRAINED = ('Pretrained', 'PretrainedInit')  # MMEngine's initialisation by a checkpoint


@dataclass(frozen=True)
class Target:
    """Part of a model that starts from a checkpoint.

    Attributes:
        name: Name of the module, e.g. ``'backbone'``.
        module: Module with MMEngine's ``init_cfg=dict(type='Pretrained', checkpoint=..., prefix=...)``.
        checkpoint: Path of the checkpoint.
        prefix: Prefix of its tensors in the checkpoint, with a dot at the end; empty for a checkpoint of this part
            alone.
    """

    name: str
    module: nn.Module
    checkpoint: str
    prefix: str


def find_targets(model: nn.Module) -> list[Target]:
    """Return the parts of a model that start from checkpoints.

    Args:
        model: The whole model.
    """
    found = []
    for name, module in model.named_modules():
        for cfg in _as_list(getattr(module, 'init_cfg', None)):
            if type_name(cfg['type']) in PRETRAINED:
                prefix = cfg.get('prefix') or ''
                found.append(Target(name, module, cfg.get('checkpoint') or '', _dotted(prefix)))
    return found


def read_tensors(target: Target) -> dict[str, Tensor]:
    """Return all tensors of a target's checkpoint by their names in the checkpoint.

    Args:
        target: The part to load.

    Raises:
        FileNotFoundError: The checkpoint does not exist.
        ValueError: No checkpoint is given, or the file is no checkpoint.
    """
    if not target.checkpoint:
        raise ValueError(
            f'{target.name} has no checkpoint to start from: give one on the command line, or as --cfg-options '
            f'model.{target.name}.init_cfg.checkpoint=FILE; `none` on the command line starts it at random'
        )
    checkpoint = load_checkpoint(target.checkpoint)
    state = checkpoint.get('state_dict', checkpoint)
    return {name: value for name, value in state.items() if isinstance(value, Tensor)}


def matching_tensors(target: Target, state: dict[str, Tensor], fresh: Sequence[str]) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint for a target, by their names in the target.

    Args:
        target: The part to load.
        state: All tensors of its checkpoint.
        fresh: Prefixes of names, from the model's root, of tensors that are initialised anew on purpose.

    Raises:
        ValueError: No name has the target's prefix, or tensors are missing or have another shape.
    """
    given = {name.removeprefix(target.prefix): value for name, value in state.items() if name.startswith(target.prefix)}
    expected = target.module.state_dict()
    if not given.keys() & expected.keys():
        raise ValueError(_explain_absence(target, state, expected))
    _check_shapes(target, expected, given)
    _check_complete(target, expected, given, fresh)
    return {name: value for name, value in given.items() if name in expected}


def check_all_used(loaded: Iterable[tuple[Target, dict[str, Tensor]]], states: dict[str, dict[str, Tensor]]) -> None:
    """Raise an error if a checkpoint has tensors with a target's prefix that no target takes.

    Args:
        loaded: Targets with their tensors.
        states: All tensors of each checkpoint, by its path.

    Raises:
        ValueError: There are such tensors.
    """
    used: dict[tuple[str, str], set[str]] = {}
    for target, tensors in loaded:
        used.setdefault((target.checkpoint, target.prefix), set()).update(tensors)
    for (checkpoint, prefix), names in used.items():
        given = [name.removeprefix(prefix) for name in states[checkpoint] if name.startswith(prefix)]
        unused = [name for name in given if name not in names]
        if unused:
            raise ValueError(
                f'{checkpoint!r} has {len(unused)} of {len(given)} tensors {prefix}* that this network has no place '
                f'for (first: {prefix}{unused[0]}): it is of a larger network, or of more than a backbone; give the '
                'backbone the depth of pre-training, or leave these tensors out of the file'
            )


def changed_tensors(loaded: Iterable[tuple[Target, dict[str, Tensor]]]) -> list[str]:
    """Return the names of tensors in the model that differ from the checkpoint in any bit.

    Args:
        loaded: Targets with their tensors in the checkpoint.
    """
    names = []
    for target, tensors in loaded:
        current = target.module.state_dict()
        for name, value in tensors.items():
            if current[name].shape == value.shape and not current[name].cpu().equal(value.to(current[name].dtype)):
                names.append(f'{target.name}.{name}')
    return names


def matching_prefixes(state: dict[str, Any], expected: Iterable[str]) -> list[str]:
    """Return the prefixes below which a checkpoint has most of the expected names.

    Args:
        state: Tensors of the checkpoint.
        expected: Names of a network's tensors.
    """
    found: Counter[str] = Counter()
    for suffix in expected:
        found.update(name.removesuffix(suffix) for name in state if name.endswith(suffix))
    best = max(found.values(), default=0)
    return [prefix for prefix, count in found.most_common() if count == best and (prefix.endswith('.') or not prefix)]


def _check_shapes(target: Target, expected: dict[str, Tensor], given: dict[str, Tensor]) -> None:
    differing = [
        name
        for name, value in expected.items()
        if name in given and given[name].shape != value.shape and not _is_resampled(target, name)
    ]
    if differing:
        name = differing[0]
        raise ValueError(
            f'{_misfit(target)}{len(differing)} of {len(expected)} tensors have another shape (first: {name}, '
            f'{_shape(given[name])} in the file, {_shape(expected[name])} here); give model.{target.name} the width '
            'and depth of pre-training'
        )


def _check_complete(
    target: Target, expected: dict[str, Tensor], given: dict[str, Tensor], fresh: Sequence[str]
) -> None:
    absent = [name for name in expected if name not in given]
    missing = [name for name in absent if not f'{target.name}.{name}'.startswith(tuple(fresh))]
    if missing:
        raise ValueError(
            f'{_misfit(target)}{len(missing)} of {len(expected)} tensors are not in the file (first: {missing[0]}); '
            f'give model.{target.name} the depth of pre-training'
        )


def _misfit(target: Target) -> str:
    return f'{target.checkpoint!r} does not fit {target.name} ({type(target.module).__name__}): '


def _explain_absence(target: Target, state: dict[str, Tensor], expected: dict[str, Tensor]) -> str:
    found = matching_prefixes(state, expected)
    has_prefix = any(name.startswith(target.prefix) for name in state)
    what = 'are named otherwise than in this network' if has_prefix else 'are not in it'
    problem = f'{target.checkpoint!r}: tensors {target.prefix}* of {type(target.module).__name__} {what}'
    if not found:
        return f'{problem}, and none by another prefix fits; for other codes use tools/convert_checkpoint.py'
    teacher = ' (a method without a teacher has its backbone there)' if 'teacher' in target.prefix else ''
    option = found[0] or "''"
    return f'{problem}, but by the prefix {" or ".join(map(repr, found))}{teacher}: add --prefix {option}'


def _is_resampled(target: Target, name: str) -> bool:
    """Return whether the tensor holds positions, which mmpretrain's ViTs interpolate to another grid on loading."""
    return name == 'pos_embed' and hasattr(target.module, '_prepare_pos_embed')


def _shape(tensor: Tensor) -> str:
    return 'x'.join(map(str, tensor.shape)) or 'a scalar'


def _dotted(prefix: str) -> str:
    return prefix if prefix.endswith('.') or not prefix else f'{prefix}.'


def _as_list(cfg: Any) -> list[Any]:
    return cfg if isinstance(cfg, list) else [cfg] if cfg else []
