"""Differences of two configs, as texts."""

from typing import Any

from sslreg.utils.differences import differences


def config_differences(a: Any, b: Any, name: str = '') -> list[str]:
    """List where two parts of configs differ, e.g. ``'views[0].gray=0.2 and 0.5'``.

    Args:
        a: A config, or a part of one.
        b: The config or part to compare with.
        name: Name of the part, with which the texts begin.
    """
    return [f'{place}={x!r} and {y!r}' for place, x, y in differences(a, b, name)]
