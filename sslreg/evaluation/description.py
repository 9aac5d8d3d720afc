"""Descriptions of benchmarks in words, for the readers of results."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslreg.registry import type_name

from .features.corrupt import image_source
from .features.kinds import kind_text
from .features.wanted import Wanted


def summary(path: str | None) -> str:
    """Return the first paragraph of a config's docstring in one line; empty without one."""
    text = ast.get_docstring(ast.parse(Path(path).read_text(encoding='utf-8'))) if path else None
    return ' '.join((text or '').split('\n\n')[0].split()).replace('``', '')


def protocol(cfg: Config, wanted: Iterable[Wanted]) -> dict[str, str]:
    """Describe the data of a benchmark, their transforms, the features and the settings."""
    wanted = list(wanted)
    images: dict[str, int] = {}
    for dataset in {id(each.dataset): each.dataset for each in wanted}.values():
        source = image_source(dataset)
        images[source] = images.get(source, 0) + len(dataset)
    words = {
        'data': '; '.join(f'{number:,} images of {source}' for source, number in images.items()),
        'transforms': '; '.join(dict.fromkeys(_transforms(cfg.benchmark))),
        'features': '; '.join(dict.fromkeys(kind_text(each.kind) for each in wanted)),
        'protocol': f'{type_name(cfg.benchmark["type"])}({_settings(cfg.benchmark)})',
    }
    return {key: text for key, text in words.items() if text}


def _transforms(config: dict[str, Any]) -> Iterator[str]:
    """Yield the transforms of each dataset below a config."""
    for key, value in config.items():
        if key == 'pipeline':
            yield ', '.join(map(kind_text, value))
        elif isinstance(value, dict):
            yield from _transforms(value)


def _settings(benchmark: dict[str, Any]) -> str:
    """Return the arguments of a benchmark without datasets and kinds of features, which are described elsewhere."""
    left_out = {'type', 'kind', 'kinds'}
    return ', '.join(
        f'{key}={_text(value)}'
        for key, value in benchmark.items()
        if key not in left_out and not (isinstance(value, dict) and 'data_root' in value)
    )


def _text(value: Any) -> str:
    """Return a setting as a config writes it, components as their types and arguments."""
    if isinstance(value, dict):
        return kind_text(value) if 'type' in value else f'dict({", ".join(f"{k}={v!r}" for k, v in value.items())})'
    if isinstance(value, (list, tuple)):
        return f'[{", ".join(map(_text, value))}]'
    return repr(value)
