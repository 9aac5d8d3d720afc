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


def check_folder(path: str | Path, setting: str) -> None:
    """Raise an error unless files can be written into a folder, which may have to be made.

    Args:
        path: The folder.
        setting: Option that names it, for the message.

    Raises:
        NotADirectoryError: A file is in the way.
        PermissionError: The folder, or the one that it would be made in, cannot be written.
    """
    path = Path(path).expanduser()
    found = next((each for each in (path, *path.parents) if os.path.lexists(each)), Path())
    if not found.is_dir():
        raise NotADirectoryError(f'{setting}: {str(found)!r} is no folder: name another one')
    if not os.access(found, os.W_OK | os.X_OK):
        raise PermissionError(
            f'{setting}: nothing can be written into {str(found)!r}: name another folder, or change its permissions'
        )


def check_file(path: str | Path, setting: str) -> None:
    """Raise an error unless a file can be written, in a folder that may have to be made.

    Args:
        path: The file.
        setting: Option that names it, for the message.

    Raises:
        IsADirectoryError: The path is a folder.
        NotADirectoryError: Its folder is a file.
        PermissionError: Its folder cannot be written.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f'{setting}: {str(path)!r} is a folder: name a file in it')
    check_folder(path.parent, setting)


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
