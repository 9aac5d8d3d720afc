"""Files of ``torch.save`` and safetensors, read without running code in them."""

import re
from argparse import Namespace
from collections import defaultdict
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from safetensors.torch import load_file


def _method(owner: type, name: str) -> Any:
    """Return a method of HistoryBuffer, for which pickle asks by ``getattr``."""
    if owner is not HistoryBuffer or name.startswith('_'):
        raise ValueError(f'{name} of {owner} is not read')
    return getattr(owner, name)


# What training programs save beside tensors: their arguments and numpy's numbers (DINO and its descendants), and the
# logged scalars of MMEngine.
_scalar = np.float64(0).__reduce__()[0]
_reconstruct = np.zeros(0).__reduce__()[0]
SAFE: list[Any] = [
    Namespace,
    HistoryBuffer,
    defaultdict,
    list,
    (_method, 'builtins.getattr'),
    (_method, '__builtin__.getattr'),
    np.ndarray,
    np.dtype,
    *(type(np.dtype(kind)) for kind in ('b', 'u1', 'i4', 'i8', 'f2', 'f4', 'f8', 'bool')),
    # numpy 2 and numpy 1 name the module differently
    *((_scalar, f'numpy.{core}.multiarray.scalar') for core in ('_core', 'core')),
    *((_reconstruct, f'numpy.{core}.multiarray._reconstruct') for core in ('_core', 'core')),
]


def load_safely(path: str, device: Any = 'cpu', mmap: bool = False) -> Any:
    """Return the content of a file of ``torch.save`` or safetensors.

    Args:
        path: Path of the file.
        device: Where the tensors go, as in ``torch.load``.
        mmap: Whether tensors are read when they are used.

    Raises:
        ValueError: The file is damaged, of another kind, or holds objects that only code in it could make.
    """
    try:
        if path.endswith('.safetensors'):
            return load_file(path)
        with torch.serialization.safe_globals(SAFE):
            return torch.load(path, map_location=device, mmap=mmap, weights_only=True)
    except Exception as error:  # torch names its reasons in many types, and advises to run the file's code
        raise ValueError(_explanation(path, error)) from None


def _explanation(path: str, error: Exception) -> str:
    found = re.search(r'GLOBAL ([\w.]+)', str(error))
    if found is None:
        return f'{path!r} is damaged or no checkpoint that can be read ({type(error).__name__}): get it again'
    return (
        f'{path!r} holds an object of {found[1]}, for which code in the file would have to run. On the machine that '
        "wrote it, save its weights alone: torch.save(dict(state_dict=checkpoint['state_dict']), FILE), or "
        "dict(teacher=checkpoint['teacher'])"
    )
