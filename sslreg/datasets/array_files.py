"""Arrays of ``.npz`` files, with errors of one sentence."""

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .image_files import printable


def read_arrays(path: Path, needed: set[str], optional: Iterable[str] = ()) -> dict[str, np.ndarray[Any, Any]]:
    """Return the needed arrays, and the optional ones that exist.

    Args:
        path: An ``.npz`` file.
        needed: Names of arrays.
        optional: Names of arrays that may be absent.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is no ``.npz`` or damaged, lacks an array, or an array holds Python objects.
    """
    name = printable(str(path))
    if not path.is_file():
        raise FileNotFoundError(
            f'packed images {name!r} do not exist (from {Path.cwd()}): give their folder '
            'by --data-root, or link your data there'
        )
    if not zipfile.is_zipfile(path):
        raise ValueError(
            f'{name!r} is no readable .npz archive: it is another kind of file, or its end is missing; write it by '
            'np.savez, or copy it again'
        )
    with _opened(path) as archive:
        if missing := needed - set(archive.files):
            raise ValueError(f'{name!r} lacks {sorted(missing)}; it holds {sorted(archive.files)}')
        wanted = [key for key in archive.files if key in needed or key in optional]
        return {key: _array(archive, key, name) for key in wanted}


def _opened(path: Path) -> Any:
    try:
        return np.load(path)
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise ValueError(f'{printable(str(path))!r} is no readable .npz archive: {error}') from error


def _array(archive: Any, key: str, name: str) -> np.ndarray[Any, Any]:
    """Return an array; numpy refuses those of Python objects, whose reading could run code."""
    try:
        array = archive[key]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, TypeError, ValueError, OSError) as error:
        if 'Object arrays' in str(error):
            raise ValueError(
                f'{key} of {name!r} holds Python objects: write it again as an array of numbers or of text, e.g. by '
                'np.array(values, dtype=np.int64)'
            ) from error
        raise ValueError(f'{key} of {name!r} cannot be read, the file is damaged: {error}') from error
    if not isinstance(array, np.ndarray):
        raise ValueError(f'{key} of {name!r} is no array: write the file by np.savez')
    return array


def check_offsets(offsets: np.ndarray[Any, Any], data: np.ndarray[Any, Any], name: str) -> list[int]:
    """Return the offsets of packed images as a list.

    Args:
        offsets: ``[N + 1]`` integers.
        data: Bytes of the images.
        name: File, for messages.

    Raises:
        ValueError: The offsets do not cut the bytes into images.
    """
    if data.dtype != np.uint8 or data.ndim != 1:
        raise ValueError(f'{name}: jpeg is {data.dtype} {list(data.shape)}, but must hold bytes, uint8 [B]')
    if offsets.dtype.kind not in 'iu' or offsets.ndim != 1 or len(offsets) < 2:
        raise ValueError(
            f'{name}: offsets are {offsets.dtype} {list(offsets.shape)}, but must be integers [N + 1] for N images, '
            'at least one'
        )
    found: list[int] = offsets.tolist()
    if found[0] != 0 or found[-1] != len(data):
        raise ValueError(
            f'{name}: offsets run from {found[0]} to {found[-1]}, but there are {len(data)} bytes: the archive is '
            'damaged'
        )
    if (offsets[1:] < offsets[:-1]).any():
        image = int((offsets[1:] < offsets[:-1]).argmax())
        raise ValueError(f'{name}: offsets fall from {found[image]} to {found[image + 1]} at image {image}')
    return found
