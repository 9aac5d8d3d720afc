"""Where a checkpoint holds a backbone."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

# Beside tensors, DINO's code and its descendants save their arguments, and the optimizer's rates as numpy's numbers.
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
    """A file of ``torch.save`` or of safetensors, read without running what is in it.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It cannot be read so, or holds no dictionary.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'checkpoint {path!r} does not exist (from {Path.cwd()})')
    try:
        if path.endswith('.safetensors'):
            return dict(load_file(path))
        with torch.serialization.safe_globals(SAFE):
            checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch names its reasons in many types
        reason = next((line for line in str(error).splitlines() if 'GLOBAL' in line), str(error).splitlines()[0])
        raise ValueError(
            f'{path!r} cannot be read safely: {reason.strip()} Where it was made, save its weights alone: '
            "torch.save(dict(teacher=checkpoint['teacher']), FILE)"
        ) from None
    if not isinstance(checkpoint, dict):
        raise ValueError(f'{path!r} holds a {type(checkpoint).__name__}, not a checkpoint')
    return checkpoint


def backbone_of(checkpoint: dict[str, Any], part: str) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors of the teacher's or the student's backbone by their own names, and names of all others beside it.

    Takes ``{'teacher': ..., 'student': ...}`` (DINO, iBOT, MaSSL, DINOv2's training), sslreg's and mmpretrain's
    ``state_dict``, and a backbone's tensors alone, with and without the prefixes of wrappers.

    Raises:
        ValueError: The other part is there and this one is not, or there are no tensors.
    """
    found = [name for name in PARTS if isinstance(checkpoint.get(name), dict)]
    if found and part not in found:
        raise ValueError(f'the checkpoint holds no {part}: use --part {found[0]}')
    state = checkpoint[part] if found else checkpoint.get('state_dict', checkpoint.get('model', checkpoint))
    tensors = {_unwrapped(name): value for name, value in state.items() if isinstance(value, Tensor)}
    if not tensors:
        raise ValueError(f'the checkpoint holds no tensors where they are looked for; it has {", ".join(state) or "-"}')
    prefix = next((each for each in PREFIXES[part] if any(name.startswith(each) for name in tensors)), '')
    backbone = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    return backbone, [name for name in tensors if not name.startswith(prefix)]


def _unwrapped(name: str) -> str:
    for wrapper in WRAPPERS:
        if name.startswith(wrapper):
            return _unwrapped(name.removeprefix(wrapper))
    return name


def packed(tensors: dict[str, Tensor], to: str, part: str) -> dict[str, Any]:
    """What the file holds: a backbone's tensors alone for timm and DINOv2, below ``part`` for DINO."""
    tensors = {name: value.detach().clone() for name, value in tensors.items()}  # of a slice all would be saved
    inside = {f'backbone.{name}': value for name, value in tensors.items()}
    if to == 'sslreg':
        return dict(state_dict=inside)
    return {part: inside} if to == 'dino' else tensors
