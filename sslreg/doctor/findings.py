"""Results of the checks, each run in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata

from .parts import EnvironmentPart

LIMIT = 300  # seconds per check; a first import from a slow disk takes a minute


@dataclass(frozen=True)
class Finding:
    """Result of a check.

    Attributes:
        part: The part.
        version: Its version, or an empty text.
        status: ``'works'``, ``'missing'`` or ``'broken'``.
        detail: Details of the part, or the error.
    """

    part: EnvironmentPart
    version: str
    status: str
    detail: str

    @property
    def bad(self) -> bool:
        """Whether the part is installed and does not work, or is missing and everything needs it."""
        return self.status == 'broken' or (self.status == 'missing' and self.part.needed_for == 'all')


def examine(parts: Iterable[EnvironmentPart]) -> Iterator[Finding]:
    """Yield the findings in the order of the parts; several checks run at a time.

    Args:
        parts: The parts to check.
    """
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        yield from pool.map(_examine_one, parts)


def _examine_one(part: EnvironmentPart) -> Finding:
    versions = [f'{name} {version}' for name in part.distributions if (version := _version(name))]
    if part.distributions and not versions:
        return Finding(part, '', 'missing', '')
    version = versions[0] if len(part.distributions) > 1 and versions else ''.join(versions).rpartition(' ')[2]
    status, detail = _run(part.check)
    return Finding(part, version or _python(part), status, detail)


def _python(part: EnvironmentPart) -> str:
    return sys.version.split()[0] if part.name == 'python' else ''


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution) or 'unknown'
    except metadata.PackageNotFoundError:
        return ''
    except Exception as error:  # damaged metadata must not hide the other parts
        return f'unknown ({type(error).__name__})'


def _run(check: str) -> tuple[str, str]:
    """Run a check, and return its status and detail."""
    environment = os.environ | dict(PYTHONWARNINGS='ignore', OMP_NUM_THREADS='1')
    command = [sys.executable, *(['-S'] if sys.flags.no_site else []), '-c', check]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=environment, check=False)
    except subprocess.TimeoutExpired:
        return 'broken', f'no answer within {LIMIT} seconds'
    if done.returncode < 0:
        return 'broken', f'crashed the interpreter ({signal.Signals(-done.returncode).name})'
    if done.returncode:
        return 'broken', _last_line(done.stderr) or f'exit status {done.returncode}'
    detail = _last_line(done.stdout)
    if detail.startswith('MISSING'):
        return 'missing', detail.removeprefix('MISSING').strip()
    return 'works', detail


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ''
