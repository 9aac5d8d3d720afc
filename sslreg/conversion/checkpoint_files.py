"""Checkpoint files of several codes, and the backbones in them."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

# DINO's code and its descendants also save their arguments, and the optimizer's rates as numpy numbers.
_scalar = np.float64(0).__reduce__()[0]
SAFE: list[Any] = [
    Namespace,
    (_scalar, 'numpy._core.multiarray.scalar'),
    (_scalar, 'numpy.core.multiarray.scalar'),  # numpy 1's name
    np.dtype,
    *(type(np.dtype(kind)) for kind in ('f4', 'f8', 'i8')),
]
PARTS = ('teacher', 'student')
WRAPPERS = ('module.', '_orig_mod.')  # prefixes of DistributedDataParallel and torch.compile
PREFIXES = dict(teacher=('teacher.module.backbone.', 'backbone.'), student=('backbone.',))


def read_checkpoint(path: str) -> dict[str, Any]:
    """Return the content of a file of ``torch.save`` or safetensors, without running code of the file.

    Args:
        path: Path of the file.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file needs code, is damaged, or holds no dictionary.
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
            f'{path!r} cannot be read safely: {reason} On the machine that wrote it, save its weights alone: '
            "torch.save(dict(teacher=checkpoint['teacher']), FILE)"
        ) from None
    if not isinstance(checkpoint, dict):
        raise ValueError(f'{path!r} holds a {type(checkpoint).__name__}, not a checkpoint')
    return checkpoint


def find_backbone(checkpoint: dict[str, Any], part: str) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors of a backbone by the code's own names, and the names of all other tensors.

    The checkpoint may be ``{'teacher': ..., 'student': ...}`` (DINO, iBOT, MaSSL, DINOv2's training), hold a
    ``state_dict`` (sslreg, mmpretrain), or hold the tensors of a backbone only, with or without prefixes of wrappers.

    Args:
        checkpoint: Content of the file.
        part: ``'teacher'`` or ``'student'``.

    Raises:
        ValueError: The checkpoint has only the other part, or no tensors.
    """
    state = _state_dict(checkpoint, part)
    tensors = {_unwrapped(name): value for name, value in state.items() if isinstance(value, Tensor)}
    if not tensors:
        raise ValueError(f'the checkpoint holds no tensors where they are looked for; it has {", ".join(state) or "-"}')
    prefix = _prefix(tensors, part)
    backbone = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    return backbone, [name for name in tensors if not name.startswith(prefix)]


def _state_dict(checkpoint: dict[str, Any], part: str) -> dict[str, Any]:
    found = [name for name in PARTS if isinstance(checkpoint.get(name), dict)]
    if found and part not in found:
        raise ValueError(f'the checkpoint holds no {part}: use --part {found[0]}')
    return checkpoint[part] if found else checkpoint.get('state_dict', checkpoint.get('model', checkpoint))


def _prefix(tensors: dict[str, Tensor], part: str) -> str:
    """Return the first known prefix of the part's backbone that some tensors have, or an empty text."""
    return next((prefix for prefix in PREFIXES[part] if any(name.startswith(prefix) for name in tensors)), '')


def _unwrapped(name: str) -> str:
    for wrapper in WRAPPERS:
        if name.startswith(wrapper):
            return _unwrapped(name.removeprefix(wrapper))
    return name


def make_checkpoint(tensors: dict[str, Tensor], code: str, part: str) -> dict[str, Any]:
    """Return the content of a file for a code: tensors alone for timm and DINOv2, below ``part`` for DINO.

    Args:
        tensors: Tensors of a backbone by the code's names.
        code: ``'sslreg'`` or one of :data:`.to_code.CODES`.
        part: ``'teacher'`` or ``'student'``.
    """
    tensors = {name: value.detach().clone() for name, value in tensors.items()}  # a slice would save its whole base
    prefixed = {f'backbone.{name}': value for name, value in tensors.items()}
    if code == 'sslreg':
        return dict(state_dict=prefixed)
    return {part: prefixed} if code == 'dino' else tensors
