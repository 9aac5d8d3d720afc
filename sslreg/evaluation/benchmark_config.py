"""Configs of benchmarks by name, as ``--benchmarks`` takes them."""

from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslreg.utils.config_files import load_config

FOLDER = Path('configs/benchmarks')


def find_config(name: str) -> Path:
    """Return the file of a benchmark, or of a group of benchmarks.

    Raises:
        FileNotFoundError: There is none of this name.
    """
    path = Path(name) if name.endswith('.py') else FOLDER / f'{name}.py'
    if not path.is_file():
        known = ', '.join(sorted(file.stem for file in FOLDER.glob('[!_]*.py')))
        raise FileNotFoundError(f'benchmark {name!r}: {path} does not exist; there are {known}')
    return path


def load_benchmark(name: str, data_root: str | None = None) -> Config:
    """Load the config of a benchmark.

    Args:
        name: Name of a file in ``configs/benchmarks`` or path of a file, e.g. ``'davis_mini'`` or ``'mine/faces.py'``.
        data_root: Folder that replaces ``data/`` in the paths of the config.

    Raises:
        FileNotFoundError: There is no such benchmark.
        ValueError: The file describes no benchmark.
    """
    path = find_config(name)
    cfg = load_config(path)
    if 'benchmark' not in cfg:
        raise ValueError(f'{path} is no benchmark: it has no benchmark=dict(type=...)')
    if data_root is not None:
        _replace_root(cfg.benchmark, data_root)
    return cfg


def _replace_root(part: Any, root: str) -> None:
    """Replace the start ``data/`` of every path by another folder, in place."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(value, (dict, list)):
            _replace_root(value, root)
        elif isinstance(value, str) and value.startswith('data/'):
            part[key] = str(Path(root, value.removeprefix('data/')))


def load_group(name: str) -> Config | None:
    """Load the config of a group; None if the file describes no group.

    A group has ``group``, names of benchmarks; ``metric``, the one of each in the table; and ``averages``, metrics to
    average by the names of their columns. ``without`` are benchmarks of the group that are left out; ``reference`` has
    the averages of papers, while their figures for a benchmark are in the benchmark's own config.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The group lacks one of these, or leaves out a benchmark that it does not have.
    """
    cfg = load_config(find_config(name))
    if 'group' not in cfg:
        return None
    if absent := {'metric', 'averages'} - set(cfg):
        raise ValueError(f'{cfg.filename} has a group of benchmarks, but lacks {sorted(absent)}')
    if unknown := set(cfg.get('without', ())) - set(cfg.group):
        raise ValueError(f'{cfg.filename}: without={cfg.without} names {sorted(unknown)}, not in group={cfg.group}')
    return cfg


def members_of(group: Config) -> list[str]:
    """Return the names of the benchmarks of a group that are not left out."""
    return [name for name in group.group if name not in group.get('without', ())]
