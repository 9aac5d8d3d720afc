"""Configs as files and as text."""

import os
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from .config_keys import VARIABLES, known_keys, similar_key
from .config_options import check_options, is_number_or_none, known_parts
from .config_places import read_with
from .config_remedies import as_option, instead, places_of
from .config_sources import ConfigSource, read_source, shown
from .config_variables import Change, assigned_names, changes_without_use, contains
from .earlier_configs import translate

FORMATS = ('.py', '.json', '.yaml', '.yml')


def load_config(path: str | Path, options: dict[str, Any] | None = None) -> Config:
    """Read a config, merge ``--cfg-options`` into it and import its ``custom_imports``.

    Raises:
        FileNotFoundError: The file, or a config from which it inherits, does not exist.
        KeyError: An option names a key that does not exist.
        TypeError: An option names a key below a value that has none.
        ValueError: The file is no config or has a mistake, or a variable of it is set without effect.
    """
    options = options or {}
    path = _existing(path)
    source = read_source(Path(os.path.abspath(path))) if path.suffix == '.py' else None
    cfg = _read(path, source)
    if source:
        cfg = _with_variables(cfg, source, options)
        check_variables(cfg, source)
    options = {name: value for name, value in options.items() if name.partition('.')[0] != VARIABLES}
    return _complete(cfg, options, source)


def config_without_imports(text: str) -> Config:
    """Read the text of a config of an earlier run to compare settings; what it imports need not be there any more."""
    with TemporaryDirectory() as folder:
        file = Path(folder, 'saved.py')
        file.write_text(text)
        cfg = Config.fromfile(file, import_custom_modules=False)
    translate(cfg)
    return cfg


def parse_config(text: str, options: dict[str, Any] | None = None) -> Config:
    """Read the text of a config, as MMEngine stores it in a checkpoint, and complete it like :func:`load_config`."""
    return _complete(Config.fromstring(text, '.py'), options or {})


def check_variables(cfg: Config, source: ConfigSource) -> None:
    """Raise ValueError if a file of a config sets a variable that nothing uses; the message names what to set instead.

    A file that MMEngine wrote has variables that nothing uses, and is not checked.
    """
    if source.is_dump and not source.bases:
        return
    parts, values = known_parts(cfg), cfg.to_dict()
    for file, change in changes_without_use(source, known_keys(cfg)):
        if change.name in values and not contains(parts, values[change.name]):  # otherwise a part under another name
            raise ValueError(
                f'{shown(file.path)}, line {change.statement.lineno}: {change.text!r} has no effect: '
                f'{_remedy(file, change, source, values, parts)}'
            )


def _remedy(file: ConfigSource, change: Change, source: ConfigSource, values: Any, parts: dict[str, Any]) -> str:
    """Return why a change has no effect, and what to write instead."""
    keys, value = [*change.keys], values.get(change.name)
    if not any(change.name in assigned_names(base) for base in file.bases):
        near = similar_key(change.name, {*known_keys(values), *parts})
        return f'nothing reads {change.name}; {f"did you mean {near}?" if near else instead(keys, value, {}, parts)}'
    places = places_of(source, {change.name: value}, parts)
    return (
        f'{change.name} is a copy of the variable that the base config has used; '
        f'{instead(keys, value, places, parts, python=file.uses_imports)}'
    )


def _with_variables(cfg: Config, source: ConfigSource, options: dict[str, Any]) -> Config:
    """Return a config read again with the new values that ``variables`` gives to variables of its files.

    Raises:
        KeyError: The config has no such variable.
        ValueError: No setting follows a variable.
    """
    given = Config({VARIABLES: cfg.get(VARIABLES) or {}})
    given.merge_from_dict({name: value for name, value in options.items() if name.partition('.')[0] == VARIABLES})
    values = given.to_dict()[VARIABLES]
    if not isinstance(values, dict):
        raise TypeError(f'{VARIABLES}={values!r} must be a dict of variables and values, {VARIABLES} = dict(size=64)')
    if not values:
        return cfg
    known = assigned_names(source) - known_keys(cfg)
    for name, value in values.items():
        setting = as_option(f'{VARIABLES}.{name}', value)
        if name not in known:
            near = similar_key(name, known)
            hint = f'did you mean {near}?' if near else f'it has {", ".join(sorted(known)) or "none"}'
            raise KeyError(f'{setting}: the config has no variable {name}; {hint}')
        changed = _read_with(source, {name: value}, setting)
        if known_parts(changed) == known_parts(cfg) and changed.to_dict()[name] != cfg.to_dict()[name]:
            hint = instead([name, *_single_keys(value)], value, {}, known_parts(cfg))
            raise ValueError(f'{setting} has no effect, as other lines set what follows {name}; {hint}')
    changed = read_with(source, values)
    changed.pop(VARIABLES, None)
    return changed


def _read_with(source: ConfigSource, values: dict[str, Any], setting: str) -> Config:
    try:
        return read_with(source, values)
    except Exception as error:
        raise ValueError(f'{setting} does not fit: {_sentence(error)}') from error


def _single_keys(value: Any) -> list[str]:
    """Return the keys of dicts inside each other, as one option gives them."""
    key, inner = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else ('', None)
    return [key, *_single_keys(inner)] if key else []


def _existing(path: str | Path) -> Path:
    """Return the path of a config if there is a file of a known format."""
    if Path(path).is_dir():
        raise FileNotFoundError(f'config {str(path)!r} is a folder: name a file in it')
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'config {str(path)!r} does not exist (from {Path.cwd()}); the ones that come with sslreg are in configs/'
        )
    if Path(path).suffix not in FORMATS:
        raise ValueError(f'{str(path)!r} is no config: a config is a file that ends in {", ".join(FORMATS)}')
    return Path(path)


def _read(path: Path, source: ConfigSource | None) -> Config:
    """Read a config; an error names the file and, if the mistake is in a line of a config, the line."""
    try:
        cfg = Config.fromfile(path)
    except Exception as error:
        raise ValueError(f'{_line_of(error, source) or shown(path)}: {_sentence(error)}') from error
    if not len(cfg):
        raise ValueError(f'{shown(path)} is empty: a config for training has model, train_dataloader and so on')
    return cfg


def _line_of(error: Exception, source: ConfigSource | None) -> str | None:
    """Return the file and line of a config at which an error was raised, or None."""
    files = {str(file.path) for file in source.files()} if source else set()
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if os.path.abspath(frame.filename) in files]
    return f'{shown(os.path.abspath(lines[-1].filename))}, line {lines[-1].lineno}' if lines else None


def _sentence(error: Exception) -> str:
    """Return what was wrong in a config, where MMEngine's own message does not say it."""
    if isinstance(error, KeyError) and len(error.args) == 1 and ' ' not in str(error.args[0]):
        return f'there is no {error.args[0]} in the base configs, or in the dict that is read'
    if isinstance(error, KeyError):
        return str(error.args[0])
    if isinstance(error, RuntimeError) and not str(error):
        return (
            'a config cannot call what it imports, it only names classes: write dict(type=CLASS, ...), and values as '
            'numbers or texts'
        )
    return ' '.join(str(error).split()) or type(error).__name__


def _complete(cfg: Config, options: dict[str, Any], source: ConfigSource | None = None) -> Config:
    check_options(cfg, options, source)
    cfg.merge_from_dict(_replacing_values(cfg, options))
    translate(cfg)
    if 'custom_imports' in cfg:
        import_modules_from_strings(**cfg.custom_imports)
    return cfg


def _replacing_values(cfg: Config, options: dict[str, Any]) -> dict[str, Any]:
    """Let ``temp.type=...`` replace a number or None ``temp``, for which MMEngine demands ``temp._delete_=True``."""
    places = [name.removesuffix('.type') for name in options if name.endswith('.type')]
    return options | {f'{place}._delete_': True for place in places if is_number_or_none(cfg.to_dict(), place)}
