"""Errors that components raise while they are built, with the component's key in the config."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from traceback import walk_tb
from typing import Any, NamedTuple

from sslreg.arguments import shortened_text
from sslreg.evaluation.missing_data import MissingDataError
from sslreg.registry import type_name
from sslreg.utils.errors import is_expected, message_of
from sslreg.utils.nested_values import nested_values

# Functions that build from a config, and the name of the config in them.
BUILDERS = {
    ('mmengine.registry.build_functions', 'build_from_cfg'): 'cfg',
    ('sslreg.registry', 'build'): 'cfg',
    ('mmengine.runner.runner', 'build_dataloader'): 'dataloader',
    ('mmengine.runner.runner', 'build_optim_wrapper'): 'optim_wrapper',
    ('mmengine.runner.runner', 'build_param_scheduler'): 'scheduler',
    ('mmengine.runner.runner', 'build_visualizer'): 'visualizer',
    ('mmengine.runner.runner', 'build_log_processor'): 'log_processor',
}
MAX_VALUE, MAX_VALUES = 60, 240  # characters of a value, and of all values in a message


class Part(NamedTuple):
    """A part of a config.

    Attributes:
        place: Its dotted key.
        cfg: The part.
    """

    place: str
    cfg: Mapping[str, Any]


@contextmanager
def naming_keys(cfg: Any) -> Iterator[None]:
    """Let an error of a component that is being built name its key in the config, its class and its arguments.

    Args:
        cfg: The whole config.

    Raises:
        Exception: An error of the same class, if that is one of Python's, else ValueError.
    """
    try:
        yield
    except Exception as error:
        cause = (
            error.__cause__ if isinstance(error, MissingDataError) and isinstance(error.__cause__, Exception) else error
        )
        part = part_of_error(cause, cfg)
        if part is None or _names(cause, part) or (isinstance(cause, OSError) and cause is not error):
            raise
        raise with_message(cause, message_at(part, cause)) from error


def part_of_error(error: BaseException, cfg: Any) -> Part | None:
    """Return the innermost part of a config that was being built when an error was raised, or None."""
    found: Part | None = None
    for frame, _ in walk_tb(error.__traceback__):
        name = BUILDERS.get((frame.f_globals.get('__name__', ''), frame.f_code.co_name))
        built = frame.f_locals.get(name) if name else None
        if isinstance(built, Mapping):
            below = found or Part('', cfg)
            found = find_part(built, below) or find_part(built, Part('', cfg)) or found
    return found


def find_part(built: Mapping[str, Any], below: Part) -> Part | None:
    """Find the part of a config that a component is built from, which may have got further arguments.

    Args:
        built: The component's config.
        below: The part to search in.
    """
    candidates = [part for part in parts(below) if part.place != below.place and _agrees(part.cfg, built)]
    return max(candidates, key=lambda part: len(part.cfg), default=None)


def parts(part: Part) -> Iterator[Part]:
    """Yield a part of a config and all dicts inside it."""
    yield part
    for name, value in part.cfg.items():
        found = nested_values(value, (f'{part.place}.{name}'.lstrip('.'),))
        yield from (Part('.'.join(keys), inner) for keys, inner in found if isinstance(inner, Mapping))


def _agrees(part: Mapping[str, Any], built: Mapping[str, Any]) -> bool:
    """Return whether a config is part of another one, where numbers may stand for schedules."""
    if not part or type_name(part.get('type', '')) != type_name(built.get('type', '')):
        return False
    return all(name in built and _same(value, built[name]) for name, value in part.items() if name != 'type')


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, Mapping) and 'type' in value:
        return not isinstance(other, Mapping) or value == other
    return value is other or bool(value == other) or repr(value) == repr(other)  # repr: NaN


def message_at(part: Part, error: BaseException) -> str:
    """Return the message of an error with the key of a part of a config.

    Args:
        part: The part that could not be built.
        error: The error; one that sslreg raised explains itself, others get the class and its arguments.
    """
    text = ' '.join(message_of(error).split())
    kind = type_name(part.cfg['type']) if 'type' in part.cfg else ''
    if is_expected(error):
        text = text.removeprefix(f'{kind}: ') if kind else text
        named = re.match(r'(\w+)=', text)
        return f'{part.place}{"." if named and named[1] in part.cfg else ": "}{text}'
    given = values_of(part.cfg)
    return f'{part.place}: {kind or "it"} cannot be built with {given}: {type(error).__name__}: {text}'


def values_of(cfg: Mapping[str, Any]) -> str:
    """Return the arguments in the config of a component, shortened, for a message."""
    values = [f'{name}={shortened(value)}' for name, value in cfg.items() if name != 'type']
    return shortened_text(', '.join(values), MAX_VALUES) or 'no arguments'


def shortened(value: Any) -> str:
    """Return a value for a message; of a component its class alone."""
    if isinstance(value, Mapping) and 'type' in value:
        return f'dict(type={type_name(value["type"])}, ...)'
    return shortened_text(getattr(value, '__name__', None) or repr(value), MAX_VALUE)


def with_message(error: BaseException, text: str) -> Exception:
    """Return an error with another text, of the same class if that is one of Python's with a plain text."""
    plain = (ValueError, TypeError, KeyError, FileNotFoundError, ImportError, MemoryError)
    return next((kind for kind in plain if type(error) is kind), ValueError)(text)


def _names(error: BaseException, part: Part) -> bool:
    """Return whether the message of an error already has the key of a part."""
    return bool(re.search(rf'(?<![\w.]){re.escape(part.place)}(?!\w)', str(error)))
