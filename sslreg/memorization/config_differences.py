"""Differences of two configs."""

from typing import Any

from sslreg.registry import type_name


def config_differences(a: Any, b: Any, name: str = '') -> list[str]:
    """List where two parts of configs differ, e.g. ``'views[0].gray=0.2 and 0.5'``.

    Args:
        a: A config, or a part of one.
        b: The config or part to compare with.
        name: Name of the part, with which the texts begin.
    """
    if isinstance(a, dict) and isinstance(b, dict):
        keys = [*a, *(key for key in b if key not in a)]
        return [text for key in keys for text in config_differences(a.get(key), b.get(key), f'{name}.{key}')]
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and len(a) == len(b):
        pairs = enumerate(zip(a, b, strict=True))
        return [text for place, pair in pairs for text in config_differences(*pair, f'{name}[{place}]')]
    return [] if _equal(a, b) else [f'{name}={a!r} and {b!r}']


def _equal(a: Any, b: Any) -> bool:
    """Compare two values; a class equals its name."""
    names = isinstance(a, (str, type)) and isinstance(b, (str, type))
    return a == b or (names and type_name(a) == type_name(b))
