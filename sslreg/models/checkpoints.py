"""Reading of checkpoints, and the check that their tensors fit a model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from mmengine.runner import CheckpointLoader

from sslreg.utils.dist import unwrap

from .checkpoint_weights import weights_of
from .memories import BaseMemory
from .safe_loading import load_safely


def load_checkpoint(path: Path | str, device: Any = 'cpu') -> dict[str, Any]:
    """Read a checkpoint of any code, also safetensors; :func:`.checkpoint_weights.weights_of` finds its weights.

    Args:
        path: The file.
        device: Where the tensors go; ``'meta'`` reads none of their values.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is damaged, no checkpoint, or holds objects that only code in it could make.
    """
    path = str(path)
    if not Path(path).is_file():
        raise FileNotFoundError(f'checkpoint {path!r} does not exist (from {Path.cwd()})')
    checkpoint: Any = load_safely(path, device)
    if not isinstance(checkpoint, dict):
        raise ValueError(f'{path!r} holds a {type(checkpoint).__name__}, not a checkpoint')
    return checkpoint


def check_checkpoint(path: Path | str) -> None:
    """Raise FileNotFoundError or ValueError unless a file is a checkpoint that torch can read."""
    load_checkpoint(path, 'meta')


def load_for_mmengine(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Load a local file for MMEngine's ``CheckpointLoader``, by which it resumes, tests and fine-tunes.

    Args:
        filename: Path of the file.
        map_location: As in ``torch.load``.

    Returns:
        The content with the weights as ``state_dict``.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is no checkpoint that can be read.
    """
    checkpoint = load_checkpoint(Path(filename).expanduser(), map_location)
    return checkpoint | dict(state_dict=weights_of(checkpoint))


CheckpointLoader.register_scheme('', load_for_mmengine, force=True)


def check_fits(model: torch.nn.Module, state_dict: dict[str, Any]) -> None:
    """Raise ValueError unless ``state_dict`` has exactly the tensors of ``model``, in their shapes."""
    shapes = {name: getattr(value, 'shape', None) for name, value in state_dict.items()}
    own = {name: tensor.shape for name, tensor in model.state_dict().items()}
    own |= sharded_parts(model, lambda memory: memory.whole_shapes())
    missing = [name for name in own if name not in shapes]
    other = [name for name in own if name in shapes and shapes[name] != own[name]]
    surplus = [name for name in shapes if name not in own]
    if not missing and not other and not surplus:
        return
    problems = []
    if missing:
        problems.append(f'{len(missing)} of {len(own)} tensors are missing (first: {missing[0]})')
    if surplus:
        problems.append(f'{len(surplus)} more than the model has (first: {surplus[0]})')
    if other:
        name = other[0]
        problems.append(
            f'{len(other)} have another shape (first: {name} is {_shape(shapes[name])} in the checkpoint, '
            f'{_shape(own[name])} in the model)'
        )
    raise ValueError(
        f'the checkpoint is not of this {type(model).__name__}: {"; ".join(problems)}. Give the config '
        "that it was trained with, or load a part of it by init_cfg=dict(type='Pretrained', prefix=...); for the names "
        'of timm, DINO, iBOT or DINOv2 use tools/convert_checkpoint.py'
    )


def sharded_parts(model: torch.nn.Module, part: Callable[[BaseMemory], dict[str, Any]]) -> dict[str, Any]:
    """Return a property of sharded memories' tensors, e.g. their shapes, by the tensors' names in the state.

    Args:
        model: The model.
        part: Function of a memory, e.g. its ``whole`` or ``whole_shapes``.
    """
    return {prefix + name: value for prefix, memory in memories(model).items() for name, value in part(memory).items()}


def memories(model: torch.nn.Module) -> dict[str, BaseMemory]:
    """Return the memories of a model by their prefix in the state."""
    return {f'{name}.': module for name, module in unwrap(model).named_modules() if isinstance(module, BaseMemory)}


def _shape(shape: Any) -> str:
    return 'x'.join(map(str, shape)) or 'a scalar'
