"""Errors that components raise while they are built, with the component's key in the config."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, NamedTuple

from sslreg.evaluation.missing_data import MissingDataError
from sslreg.registry import type_name
from sslreg.utils.errors import is_expected

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
    for frame in _frames(error.__traceback__):
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
    """Yield all dicts in a part of a config."""
    yield part
    for name, value in part.cfg.items():
        yield from _inside(f'{part.place}.{name}'.lstrip('.'), value)


def _inside(place: str, value: Any) -> Iterator[Part]:
    if isinstance(value, Mapping):
        yield from parts(Part(place, value))
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from _inside(f'{place}.{number}', item)


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
    text = text_of(error)
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


def shortened_text(text: str, length: int) -> str:
    """Return a text without line breaks, cut after a number of characters."""
    text = ' '.join(text.split())
    return text if len(text) <= length else f'{text[: length - 4]} ...'


def text_of(error: BaseException) -> str:
    """Return the text of an error; of a KeyError without the quotes that Python adds."""
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str) and ' ' in error.args[0]:
        return error.args[0]
    return ' '.join(str(error).split())


def with_message(error: BaseException, text: str) -> Exception:
    """Return an error with another text, of the same class if that is one of Python's with a plain text."""
    plain = (ValueError, TypeError, KeyError, FileNotFoundError, ImportError, MemoryError)
    return next((kind for kind in plain if type(error) is kind), ValueError)(text)


def _names(error: BaseException, part: Part) -> bool:
    """Return whether an error has the key of a part already."""
    return bool(re.search(rf'(?<![\w.]){re.escape(part.place)}(?!\w)', str(error)))


def _frames(trace: TracebackType | None) -> Iterator[FrameType]:
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next
