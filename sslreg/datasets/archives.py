"""Files of a dataset in a folder, or in a zip archive that stays packed."""

import json
import os
import posixpath
import zipfile
import zlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from stat import S_ISDIR
from typing import Any

from .image_files import is_hidden, printable

Root = Path | zipfile.Path


@lru_cache(maxsize=4)
def _open(archive: Path, process: int, changed: int) -> zipfile.ZipFile:
    """Open an archive once per process and modification time: processes must not share a handle's position."""
    return zipfile.ZipFile(archive)


def dataset_root(path: str | Path) -> Root:
    """Return a folder, or the top of a zip archive, which has the same methods.

    Call it in the process that reads: every process has its own handle of an archive.

    Args:
        path: Path of the folder or archive.

    Raises:
        FileNotFoundError: The path does not exist.
        ValueError: The file is no zip archive.
    """
    root = Path(path).expanduser()
    try:
        status = root.stat()
    except OSError as error:
        raise FileNotFoundError(
            f'no folder or zip archive {str(root)!r} (from {Path.cwd()}): link your data there (docs/data.md)'
        ) from error
    if S_ISDIR(status.st_mode):
        return root
    try:
        return zipfile.Path(_open(root, os.getpid(), status.st_mtime_ns))
    except zipfile.BadZipFile as error:
        raise ValueError(
            f'{printable(str(root))!r} is no folder and no zip archive: {error}; unpack archives of other kinds, and '
            'copy a damaged one again'
        ) from error


def inside(root: Root, name: str) -> Root:
    """Return a path below a root.

    Args:
        root: Result of :func:`dataset_root`.
        name: Path below the root.

    Raises:
        ValueError: The path is absolute, or leads out of the root by ``..``.
    """
    path = posixpath.normpath(name)
    if path.startswith(('/', '../')) or path == '..':
        raise ValueError(f'{printable(name)!r} leads out of {printable(str(root))!r}: give a path below it')
    return root / path


def file_names(root: Root, folder: str) -> list[str]:
    """Return the sorted names of the files directly in a folder, without hidden ones; none if there is no such folder.

    Args:
        root: Result of :func:`dataset_root`.
        folder: Path below the root.
    """
    path = inside(root, folder)
    if not path.is_dir():
        return []
    return sorted(each.name for each in path.iterdir() if not is_hidden(each.name) and each.is_file())


def check_files(root: Root, names: Iterable[str]) -> None:
    """Raise an error unless all files exist.

    Args:
        root: Result of :func:`dataset_root`.
        names: Paths below the root.

    Raises:
        FileNotFoundError: Files are missing; the message names the first of them.
    """
    missing = [name for name in names if not inside(root, name).is_file()]
    if missing:
        raise FileNotFoundError(f'{str(root)!r} lacks {missing[0]!r}, and {len(missing) - 1} more files')


def read_bytes(root: Root, name: str) -> bytes:
    """Return the content of a file.

    Args:
        root: Result of :func:`dataset_root`.
        name: Path below the root.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The path leads out of the root, or the archive is damaged there or encrypted.
    """
    try:
        return inside(root, name).read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise FileNotFoundError(f'{str(root)!r} lacks {name!r}') from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise ValueError(
            f'{name!r} in {str(root)!r} is damaged or encrypted ({error}): copy the archive again'
        ) from error


def read_json(root: Root, name: str, keys: Iterable[str]) -> dict[str, Any]:
    """Return the JSON object of a file.

    Args:
        root: Result of :func:`dataset_root`.
        name: Path below the root.
        keys: Keys that the object must have.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is no JSON object, or lacks a key.
    """
    data = read_bytes(root, name)
    try:
        content = json.loads(data)
    except ValueError as error:
        raise ValueError(f'{name!r} below {str(root)!r} is no JSON: {error}') from error
    if not isinstance(content, dict):
        raise ValueError(f'{name!r} below {str(root)!r} must be an object {{...}} with {sorted(set(keys))}')
    if missing := set(keys) - set(content):
        raise ValueError(f'{name!r} below {str(root)!r} lacks {sorted(missing)}')
    return content
