"""Files that are written completely or not at all."""

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside ``path`` that replaces ``path`` after the body.

    An interruption leaves ``path`` as it was. The temporary name is unique: two processes may write the same file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f'{path.name}.{uuid4().hex}.part')
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def replace_durably(partial: Path, path: Path) -> None:
    """Put a complete file in the place of another, so that even after a power failure one of the two is whole.

    Args:
        partial: The new file, in the same folder.
        path: Its name from now on.
    """
    _sync(partial)
    partial.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Wait until a file's content, or a folder's names, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(values: dict[str, Any], path: Path) -> None:
    """Write a dictionary as indented JSON."""
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(values, indent=2) + '\n')


def write_arrays(arrays: dict[str, Any], path: Path) -> None:
    """Write arrays by their names to an ``.npz`` file."""
    with atomic_write(path) as partial, partial.open('wb') as file:
        np.savez(file, **arrays)


@contextmanager
def opened_arrays(path: Path) -> Iterator[Any]:
    """Open what :func:`write_arrays` wrote; arrays are read in the body.

    Args:
        path: The ``.npz`` file.

    Raises:
        ValueError: The file is damaged, or lacks an array.
    """
    try:
        with np.load(path) as found:
            yield found
    except (BadZipFile, zlib.error, EOFError, KeyError, ValueError, AttributeError, TypeError) as error:
        raise ValueError(
            f'{str(path)!r} is damaged or no file of sslreg ({type(error).__name__}): delete it to make it again'
        ) from None
