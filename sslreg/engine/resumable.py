"""Checkpoints in a folder: which of them is the newest that is whole and finite."""

import re
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sslreg.models.safe_loading import load_safely

from .finite import nested_tensors, not_finite

TEMPLATES = ('epoch_{}.pth', 'iter_{}.pth')  # MMEngine's names of checkpoints
SAVED_AT = 'saved_at'  # in a checkpoint's meta: seconds since 1970, whatever the time zone
EXEMPT = 'not_finite'  # in a checkpoint's meta: tensors that are not finite by design, such as a mask


class Newest(NamedTuple):
    """The checkpoint to resume from.

    Attributes:
        path: The newest whole, finite checkpoint; None if there is none.
        passed_over: Newer files, and those that cannot be read, with what is wrong with them.
    """

    path: Path | None
    passed_over: dict[Path, str]


def newest(folder: Path, templates: Sequence[str] = TEMPLATES) -> Newest:
    """Return the newest checkpoint of a folder that a run can be resumed from.

    The newest is the one that was written last, by the time in the file, since copies have other times. The file
    ``last_checkpoint`` is not needed.

    Args:
        folder: The folder.
        templates: Names of the files, with ``{}`` in place of the epoch or iteration.
    """
    names = [re.escape(each).replace(r'\{\}', r'\d+') for each in templates]
    files = [each for each in folder.glob('*') if any(re.fullmatch(name, each.name) for name in names)]
    problems: dict[Path, str] = {}
    written: dict[Path, tuple[float, int]] = {}
    for file in files:
        found = _read(file)
        if isinstance(found, str):
            problems[file] = found
        else:
            written[file] = (_saved_at(found['meta']), int(found['meta'].get('iter', 0)))
    for file in sorted(written, key=lambda each: written[each], reverse=True):
        problem = fault(file)
        if problem is None:
            return Newest(file, problems)
        problems[file] = problem
    return Newest(None, problems)


def fault(file: Path) -> str | None:
    """Return what is wrong with a checkpoint of a training: damaged, incomplete, or not finite; None if nothing.

    Every byte is read, and compared with the checksums in the file.
    """
    found = _read(file)
    if isinstance(found, str):
        return found
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            return f'damaged: the checksum of {damaged} is wrong'
    tensors = dict(nested_tensors({part: found[part] for part in ('state_dict', 'optimizer') if part in found}))
    exempt = set(found['meta'].get(EXEMPT, ()))
    broken = [name for name in not_finite(tensors) if name.removeprefix('state_dict.') not in exempt]
    return f'it holds NaN or infinite numbers (first: {broken[0]})' if broken else None


def _read(file: Path) -> dict[str, Any] | str:
    """Return a checkpoint whose tensors are read when they are used, or what is wrong with the file."""
    if not file.stat().st_size:
        return 'it is empty'
    try:
        found: Any = load_safely(str(file), mmap=zipfile.is_zipfile(file))
    except ValueError as error:
        if 'holds an object of' in str(error):
            return 'damaged, or it holds objects other than tensors and plain values, which are not loaded'
        return 'cut off or damaged'
    if not isinstance(found, dict) or not isinstance(found.get('meta'), dict) or 'state_dict' not in found:
        return 'it holds no state of a training run; load_from=FILE in the config starts from its weights'
    if 'optimizer' not in found and file.name.startswith('best_'):
        return 'it holds no state of the optimizer; load_from=FILE in the config starts from its weights'
    return found


def _saved_at(meta: dict[str, Any]) -> float:
    """Return when a checkpoint was written; earlier versions note the local time."""
    if SAVED_AT in meta:
        return float(meta[SAVED_AT])
    try:
        return time.mktime(time.strptime(meta['time'], '%Y%m%d_%H%M%S'))
    except (KeyError, TypeError, ValueError):
        return 0.0
