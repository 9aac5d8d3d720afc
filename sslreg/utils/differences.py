"""Differences of two configs."""

from collections.abc import Iterator
from typing import Any

from sslreg.registry import type_name


def differences(a: Any, b: Any, name: str = '') -> Iterator[tuple[str, Any, Any]]:
    """Yield the places where two parts of configs differ, with both values; None stands for a missing one.

    Args:
        a: A config, or a part of one.
        b: The config or part to compare with.
        name: Name of the part, with which the places begin, e.g. ``views[0].gray``.
    """
    if isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *(key for key in b if key not in a)]:
            yield from differences(a.get(key), b.get(key), f'{name}.{key}' if name else str(key))
    elif isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and len(a) == len(b):
        for place, pair in enumerate(zip(a, b, strict=True)):
            yield from differences(*pair, f'{name}[{place}]')
    elif not _equal(a, b):
        yield name, a, b


def _equal(a: Any, b: Any) -> bool:
    """Compare two values; a class equals its name."""
    names = isinstance(a, (str, type)) and isinstance(b, (str, type))
    return bool(a == b) or (names and type_name(a) == type_name(b))
