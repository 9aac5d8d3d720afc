"""Suggestions of what to type in place of a setting without effect."""

from typing import Any

from .config_keys import OWN, VARIABLES, similar_places
from .config_places import changed_places
from .config_sources import ConfigSource

OWN_HINT = f"(if your own code reads it from runner.cfg, list it in the config: {OWN}=['KEY'])"
SHOWN = 4  # settings; there may be one for each view


def nested(keys: list[str], value: Any) -> Any:
    """Return ``{'a': {'b': value}}`` for the keys a and b."""
    for key in reversed(keys):
        value = {key: value}
    return value


def places_of(source: ConfigSource | None, values: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that follow variables of a config's files, with their values for new values of these.

    A config that is no Python file has none.
    """
    return changed_places(source, values, set(parts)) if source else {}


def instead(keys: list[str], value: Any, places: dict[str, Any], parts: dict[str, Any], python: bool = False) -> str:
    """Return what to set instead of a variable.

    Args:
        keys: The variable, and the keys below it that were set.
        value: The new value.
        places: The settings that follow the variable, with the values that they would get.
        parts: The parts of the config that programs read.
        python: Write lines of a Python config instead of command-line options.
    """
    if not places:
        near = similar_places(keys, parts)
        return f'did you mean {" or ".join(near)}?' if near else f'no setting depends on it {OWN_HINT}'
    more = f' and {len(places) - SHOWN} more' if len(places) > SHOWN else ''
    if python:
        lines = '; '.join(f'{as_path(place)} = {short(repr(new))}' for place, new in [*places.items()][:SHOWN])
        end = '' if len(keys) > 1 else f', or {VARIABLES} = dict({keys[0]}={short(repr(value))}) for all'
        return f'write {lines}{more}{end}'
    settings = ' '.join(as_option(place, new) for place, new in [*places.items()][:SHOWN])
    variable = as_option('.'.join([VARIABLES, *keys]), value)
    return f'set {settings}{more}, or {variable} for all'


def as_option(place: str, value: Any) -> str:
    """Return a setting as one types it after ``--cfg-options``."""
    text = str(value).replace(', ', ',') if isinstance(value, (list, tuple)) else str(value)
    return f'{place}="{short(text)}"' if isinstance(value, (list, tuple)) else f'{place}={short(text)}'


def as_path(place: str) -> str:
    """Return a dotted key as Python writes it, ``views[0].size``."""
    top, *keys = place.split('.')
    return top + ''.join(f'[{key}]' if key.isdigit() else f'.{key}' for key in keys)


def short(text: str) -> str:
    """Return a text, or '...' in place of a long one."""
    return text if len(text) < 60 else '...'
