"""The backbone inside a checkpoint of any codebase."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

# DINO's code and its descendants save their arguments and, as numpy numbers, learning rates beside the tensors.
_scalar = np.float64(0).__reduce__()[0]
SAFE: list[Any] = [
    Namespace,
    (_scalar, 'numpy._core.multiarray.scalar'),
    (_scalar, 'numpy.core.multiarray.scalar'),  # numpy 1's name
    np.dtype,
    *(type(np.dtype(kind)) for kind in ('f4', 'f8', 'i8')),
]
PARTS = ('teacher', 'student')
WRAPPERS = ('module.', '_orig_mod.')  # DistributedDataParallel's and torch.compile's
PREFIXES = dict(teacher=('teacher.module.backbone.', 'backbone.'), student=('backbone.',))


def read_checkpoint(path: str) -> dict[str, Any]:
    """Read a file of ``torch.save`` or safetensors without executing code in it.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file has objects that are not data, is damaged, or is not a dictionary.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'checkpoint {path!r} does not exist (from {Path.cwd()})')
    try:
        if path.endswith('.safetensors'):
            return dict(load_file(path))
        with torch.serialization.safe_globals(SAFE):
            checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch names its reasons in many types
        reason = next((line.strip() for line in str(error).splitlines() if 'GLOBAL' in line), None)
        if reason is None:
            raise ValueError(f'{path!r} is damaged or no checkpoint ({type(error).__name__}): get it again') from error
        raise ValueError(
            f'{path!r} cannot be read safely: {reason} Where it was made, save its weights alone: '
            "torch.save(dict(teacher=checkpoint['teacher']), FILE)"
        ) from None
    if not isinstance(checkpoint, dict):
        raise ValueError(f'{path!r} holds a {type(checkpoint).__name__}, not a checkpoint')
    return checkpoint


def backbone_of(checkpoint: dict[str, Any], part: str) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors of the teacher's or student's backbone, and the names of all other tensors beside it.

    A checkpoint may be ``{'teacher': ..., 'student': ...}`` (DINO, iBOT, MaSSL, DINOv2's training), the ``state_dict``
    of sslreg and mmpretrain, or only the tensors of a backbone, with or without the prefixes of wrappers.

    Args:
        checkpoint: A checkpoint of :func:`read_checkpoint`.
        part: ``'teacher'`` or ``'student'``.

    Raises:
        ValueError: Only the other part is in the checkpoint, or there are no tensors.
    """
    state = _state_of(checkpoint, part)
    tensors = {_unwrapped(name): value for name, value in state.items() if isinstance(value, Tensor)}
    if not tensors:
        raise ValueError(f'the checkpoint holds no tensors where they are looked for; it has {", ".join(state) or "-"}')
    prefix = next((each for each in PREFIXES[part] if any(name.startswith(each) for name in tensors)), '')
    backbone = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    return backbone, [name for name in tensors if not name.startswith(prefix)]


def _state_of(checkpoint: dict[str, Any], part: str) -> dict[str, Any]:
    """Return the part of a checkpoint, or all of it if it is not divided into teacher and student."""
    found = [name for name in PARTS if isinstance(checkpoint.get(name), dict)]
    if found and part not in found:
        raise ValueError(f'the checkpoint holds no {part}: use --part {found[0]}')
    return checkpoint[part] if found else checkpoint.get('state_dict', checkpoint.get('model', checkpoint))


def _unwrapped(name: str) -> str:
    """Remove the prefixes of wrappers."""
    for wrapper in WRAPPERS:
        if name.startswith(wrapper):
            return _unwrapped(name.removeprefix(wrapper))
    return name


def packed(tensors: dict[str, Tensor], to: str, part: str) -> dict[str, Any]:
    """Return the content of the file to write: only the tensors for timm and DINOv2, under ``part`` for DINO."""
    tensors = {name: value.detach().clone() for name, value in tensors.items()}  # torch.save stores a view's whole base
    inside = {f'backbone.{name}': value for name, value in tensors.items()}
    if to == 'sslreg':
        return dict(state_dict=inside)
    return {part: inside} if to == 'dino' else tensors
