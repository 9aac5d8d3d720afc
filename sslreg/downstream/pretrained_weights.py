"""Match of the pre-trained tensors in a checkpoint with the parts of a model that start from them."""

from collections.abc import Iterable, Sequence

from torch import Tensor

from sslreg.models.pretrained_parts import Target, differing_shapes, matching_prefixes


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


def _check_shapes(target: Target, expected: dict[str, Tensor], given: dict[str, Tensor]) -> None:
    differing = differing_shapes(target.module, expected, given)
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


def _shape(tensor: Tensor) -> str:
    return 'x'.join(map(str, tensor.shape)) or 'a scalar'
