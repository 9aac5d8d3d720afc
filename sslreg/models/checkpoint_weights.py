"""The weights in a checkpoint of any code, and their match with a model by names."""

import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

# Where codes keep weights, the averaged ones first: timm; DINO, iBOT, MaSSL and DINOv2; mmengine and many others.
# MMEngine's EMAHook has the averaged ones in ``state_dict``, the others in ``ema_state_dict``.
AVERAGED = ('state_dict_ema', 'model_ema')
WHOLE = ('state_dict', 'model', 'model_state_dict')
TEACHER_AND_STUDENT = ('teacher', 'student')
WRAPPERS = ('_orig_mod', '_fsdp_wrapped_module', '_checkpoint_wrapped_module')  # of torch.compile, FSDP, checkpointing
LEADING = re.compile(r'(module\.)+')  # of DistributedDataParallel; within a name it may be a part of the model


def weights_of(checkpoint: dict[str, Any], part: str = 'teacher') -> dict[str, Tensor]:
    """Return the tensors in a checkpoint by their names, without the prefixes of wrappers.

    The checkpoint may be ``{'teacher': ..., 'student': ...}`` (DINO, iBOT, MaSSL, DINOv2's training), hold
    ``state_dict_ema`` or ``model_ema`` beside the weights that they average (timm), a ``state_dict`` (OpenMMLab's
    projects) or ``model`` (MAE, DeiT), or be the tensors themselves. The version of each module is kept.

    Args:
        checkpoint: Content of the file.
        part: ``'teacher'`` or ``'student'``; averaged weights are a teacher's.

    Raises:
        ValueError: The checkpoint has only the other part, or no tensors.
    """
    state = _state(checkpoint, part)
    weights = OrderedDict((unwrapped(name), value) for name, value in state.items() if isinstance(value, Tensor))
    if not weights:
        raise ValueError(
            f'the checkpoint holds no tensors where they are looked for; it has {", ".join(map(str, state)) or "-"}'
        )
    versions = getattr(state, '_metadata', None)
    if versions:
        weights._metadata = {unwrapped(f'{name}.').removesuffix('.'): value for name, value in versions.items()}  # type: ignore[attr-defined]
    return weights


def _state(checkpoint: dict[str, Any], part: str) -> dict[str, Any]:
    parts = [name for name in TEACHER_AND_STUDENT if isinstance(checkpoint.get(name), dict)]
    if parts and part not in parts:
        raise ValueError(f'the checkpoint holds no {part}: use --part {parts[0]}')
    places = [part] if parts else [*(AVERAGED if part == 'teacher' else ()), *WHOLE]
    found: dict[str, Any] = next(
        (checkpoint[name] for name in places if isinstance(checkpoint.get(name), dict)), checkpoint
    )
    return found


def unwrapped(name: str) -> str:
    """Return the name of a tensor without prefixes of wrappers, also nested ones."""
    kept = '.'.join(word for word in name.split('.') if word not in WRAPPERS)
    return LEADING.sub('', kept, count=1) if kept.startswith('module.') else kept


def fitted(model: torch.nn.Module, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return weights by the names of a model, where names differ in ``module.`` only, as of a wrapped part.

    Args:
        model: The model.
        weights: Result of :func:`weights_of`.
    """
    names = _matched(weights, list(model.state_dict()))
    if len(set(names.values())) < len(names):
        return weights
    renamed = OrderedDict((names[name], value) for name, value in weights.items())
    versions = getattr(weights, '_metadata', {})
    modules = _matched(versions, [name for name, _ in model.named_modules()])
    renamed._metadata = {modules[name]: value for name, value in versions.items()}  # type: ignore[attr-defined]
    return renamed


def _matched(names: Iterable[str], own: list[str]) -> dict[str, str]:
    """Return the own name for each name that is not an own one, else the name itself."""
    known, similar = set(own), {_without_module(name): name for name in own}
    return {name: name if name in known else similar.get(_without_module(name), name) for name in names}


def _without_module(name: str) -> str:
    return '.'.join(word for word in name.split('.') if word != 'module')
