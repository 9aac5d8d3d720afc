"""Files that are written completely or not at all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

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


def write_json(values: dict[str, Any], path: Path) -> None:
    """Write a dictionary as indented JSON."""
    with atomic_write(path) as partial:
        partial.write_text(json.dumps(values, indent=2) + '\n')


def write_arrays(arrays: dict[str, Any], path: Path) -> None:
    """Write arrays by their names to an ``.npz`` file."""
    with atomic_write(path) as partial, partial.open('wb') as file:
        np.savez(file, **arrays)
