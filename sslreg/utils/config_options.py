"""``--cfg-options``: settings by dotted key, checked against the config before they are merged into it."""

from typing import Any

from mmengine.config import Config

from .config_keys import KNOWN, VARIABLES, known_keys, similar_key, similar_places
from .config_remedies import OWN_HINT, as_option, instead, nested, places_of
from .config_sources import ConfigSource


def check_options(cfg: Config, options: dict[str, Any], source: ConfigSource | None = None) -> None:
    """Raise an error unless every option changes a key of the config that a program reads.

    Args:
        cfg: The config without the options.
        options: Values by dotted key.
        source: The files of the config, where it comes from files.

    Raises:
        KeyError: A key is unknown, or an index is not in its list.
        TypeError: A key stands below a value that has no keys, or its dict is set as well.
        ValueError: A key is a variable of the config's files.
    """
    known, parts = known_keys(cfg, options), known_parts(cfg)
    for name, value in options.items():
        keys, setting = name.split('.'), f'--cfg-options {as_option(name, value)}'
        if '' in keys:
            raise KeyError(f'{setting}: a key between dots is empty; write KEY.KEY=VALUE')
        if keys[0] == VARIABLES:
            raise ValueError(f'{setting}: only a config file in Python has variables, and this one is a stored config')
        if keys[0] not in known and keys[0] in cfg:
            places = places_of(source, {keys[0]: nested(keys[1:], value)}, parts)
            raise ValueError(
                f'{setting} has no effect: {keys[0]} is a variable of the config file, used before options are read; '
                f'{instead(keys, value, places, parts)}'
            )
        if keys[0] not in known:
            raise KeyError(f'{setting}: nothing reads {keys[0]}; {_did_you_mean(keys, parts)}')
        if above := next((other for other in options if name.startswith(f'{other}.')), ''):
            raise TypeError(
                f'{setting} stands below {as_option(above, options[above])}, which sets the whole; give one'
            )
        _check_path(keys, setting, parts, options)


def known_parts(cfg: Config) -> dict[str, Any]:
    """Return the parts of a config that programs read, as plain dicts and lists."""
    known = known_keys(cfg)
    return {name: value for name, value in cfg.to_dict().items() if name in known}


def is_number_or_none(parts: Any, place: str) -> bool:
    """Return whether a config has a number or None at a dotted key, which a component may replace."""
    for key in place.split('.'):
        if isinstance(parts, (list, tuple)) and key.isdigit() and int(key) < len(parts):
            parts = parts[int(key)]
        elif isinstance(parts, dict) and key in parts:
            parts = parts[key]
        else:
            return False
    return parts is None or isinstance(parts, (int, float))


def _did_you_mean(keys: list[str], parts: dict[str, Any]) -> str:
    if near := similar_key(keys[0], {*KNOWN, *parts}):
        return f'did you mean {".".join([near, *keys[1:]])}?'
    places = similar_places(keys, parts)
    return f'did you mean {" or ".join(places)}?' if places else f'the config has no such key {OWN_HINT}'


def _check_path(keys: list[str], setting: str, parts: Any, options: dict[str, Any]) -> None:
    """Raise an error if a key cannot be set where it is."""
    part = parts
    for depth, key in enumerate(keys):
        above = '.'.join(keys[:depth])
        if options.get(f'{above}._delete_') or (f'{above}.type' in options and is_number_or_none(parts, above)):
            return
        if isinstance(part, dict) and key not in part:
            _check_new(keys, depth, setting)
            return
        part = part[key] if isinstance(part, dict) else _element(part, key, above, setting)


def _check_new(keys: list[str], depth: int, setting: str) -> None:
    """Raise KeyError if a list would have to be made for its element."""
    if depth + 1 < len(keys) and keys[depth + 1].isdigit():
        place = '.'.join(keys[: depth + 1])
        raise KeyError(f'{setting}: the config has no list {place}; set the whole list, {place}=[...]')


def _element(part: Any, key: str, above: str, setting: str) -> Any:
    """Return the element of a list; raise an error if the list has none there, or the part is no list."""
    if isinstance(part, list) and key.isdigit() and int(key) < len(part):
        return part[int(key)]
    if isinstance(part, list):
        have = f'indices 0 to {len(part) - 1}' if part else f'no element; set the whole list, {above}=[...]'
        raise KeyError(f'{setting}: the list {above} has {have}')
    if isinstance(part, tuple):
        raise TypeError(f'{setting}: {above} is a tuple, which is set as a whole, {as_option(above, part)}')
    raise TypeError(
        f'{setting}: {as_option(above, part)} has no keys below it; replace it by a value, {above}=VALUE, or by a '
        f'component, {above}.type=CLASS'
    )
