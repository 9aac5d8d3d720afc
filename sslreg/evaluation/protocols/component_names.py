"""Names of kinds of features and of probes in the names of metrics."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sslreg.registry import type_name


def by_name(configs: Sequence[dict[str, Any]], suffix: str) -> dict[str, dict[str, Any]]:
    """Return configs by their types in lower case without ``suffix``; equal types are told apart by their arguments.

    Raises:
        ValueError: Two configs are equal.
    """
    types = [type_name(config['type']).lower().removesuffix(suffix) for config in configs]
    counts = Counter(types)
    names = [
        name if counts[name] == 1 else f'{name}({",".join(f"{k}={v}" for k, v in config.items() if k != "type")})'
        for name, config in zip(types, configs, strict=True)
    ]
    if len(set(names)) < len(names):
        raise ValueError(f'{names} must differ')
    return dict(zip(names, configs, strict=True))
