"""Values inside nested dictionaries and lists, such as a config or a checkpoint."""

from collections.abc import Iterator, Mapping
from typing import Any


def nested_values(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield a value and everything inside it, each with its keys; a dictionary or list comes before its content.

    ``{'a': [1]}`` gives ``((), {'a': [1]})``, ``(('a',), [1])`` and ``(('a', '0'), 1)``.

    Args:
        value: Any value; only dictionaries, lists and tuples have content.
        keys: Keys that lead to the value.
    """
    yield keys, value
    if isinstance(value, Mapping):
        pairs: Any = value.items()
    else:
        pairs = enumerate(value) if isinstance(value, (list, tuple)) else ()
    for key, inner in pairs:
        yield from nested_values(inner, (*keys, str(key)))
