"""Settings that follow a variable of a config, found by reading the config's files again with another value."""

import copy
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

from .config_sources import ConfigSource
from .config_variables import changes_in

_NEW: dict[str, Any] = {}  # values of variables while the files are read again


def read_with(source: ConfigSource, values: dict[str, Any]) -> Config:
    """Read a config as if its variables had other values, wherever a file assigns or changes them.

    Args:
        source: The config. Copies of its files are read, from a temporary folder.
        values: New values by the variable's name; a dict changes the keys or indices of a dict or list that it names.
    """
    paths = {file.path: file for file in source.files()}
    top = Path(os.path.commonpath([path.parent for path in paths]))
    _NEW.update(values)
    try:
        with tempfile.TemporaryDirectory() as folder:
            for path, file in paths.items():
                copied = Path(folder, path.relative_to(top))
                copied.parent.mkdir(parents=True, exist_ok=True)
                copied.write_text(_with_new_values(file, set(values)), encoding='utf-8')
            cfg = Config.fromfile(Path(folder, source.path.relative_to(top)))
    finally:
        _NEW.clear()
    object.__setattr__(cfg, '_filename', str(source.path))  # and not that of the copy
    return cfg


def new_value(name: str, value: Any) -> Any:
    """Return the new value of a variable; copies of config files call this."""
    return _merged(value, _NEW[name])


def changed_places(source: ConfigSource, values: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """Return the settings by dotted key that differ where a config's variables have other values."""
    try:
        before, after = read_with(source, {}).to_dict(), read_with(source, values).to_dict()
    except Exception:  # the new value may be impossible
        return {}
    pairs = ((name, before[name], after[name]) for name in before if name in known and name in after)
    return {key: value for name, old, new in pairs for key, value in _differences(name, old, new)}


def _with_new_values(file: ConfigSource, names: set[str]) -> str:
    """Return a file's text with a line after every statement that assigns or changes one of the variables."""
    lines = file.path.read_text(encoding='utf-8').splitlines()
    for statement in reversed(file.tree.body):
        inner = type(file.tree)(body=[statement], type_ignores=[])
        call = f"__import__('{__name__}', fromlist=['*']).new_value"
        found = sorted({change.name for change in changes_in(inner)} & names)
        lines[statement.end_lineno : statement.end_lineno] = [f'{name} = {call}({name!r}, {name})' for name in found]
    return '\n'.join(lines) + '\n'


def _merged(value: Any, new: Any) -> Any:
    """Return a value with new values at the keys or indices that a dict names, or the new value itself."""
    if not isinstance(new, dict) or not isinstance(value, (dict, list, tuple)):
        return ConfigDict(value=new)['value']
    copied = list(value) if isinstance(value, tuple) else copy.copy(value)
    for key, inner in new.items():
        at = key if isinstance(value, dict) else int(key)
        copied[at] = _merged(value.get(at) if isinstance(value, dict) else value[at], inner)
    return tuple(copied) if isinstance(value, tuple) else copied


def _differences(key: str, old: Any, new: Any) -> Iterator[tuple[str, Any]]:
    """Yield the innermost keys at which two values differ, with the new values."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        names: Any = old
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        names = range(len(old))
    else:
        yield key, new
        return
    for name in names:
        yield from _differences(f'{key}.{name}', old[name], new[name])
