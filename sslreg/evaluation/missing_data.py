"""Reasons why benchmarks cannot run: missing data and lists of images."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from sslreg.datasets.subsets import lines
from sslreg.registry import BENCHMARKS, DATASETS, type_name


class MissingDataError(ValueError):
    """Error that names all benchmarks that cannot run.

    Attributes:
        missing: Problems of each of these benchmarks, in words.
    """

    def __init__(self, missing: dict[str, list[str]]) -> None:
        problems = [f'{name}: {problem}' for name, found in missing.items() for problem in found]
        count = '1 benchmark' if len(missing) == 1 else f'{len(missing)} benchmarks'
        super().__init__('\n'.join([f'{count} cannot run: {", ".join(missing)}', *problems]))
        self.missing = missing


def problems_of(config: Any) -> list[str]:
    """Return the problems of a benchmark's config, in words: all missing datasets and lists, not only the first."""
    return list(dict.fromkeys(_problems(config)))


def _problems(config: Any) -> Iterator[str]:
    problem = _problem(lambda: BENCHMARKS.build(config).wanted())
    if problem is not None:
        yield problem
        yield from (part for part in _problems_of_parts(config) if part not in problem)


def _problems_of_parts(config: Any) -> Iterator[str]:
    """Yield the problems of all datasets and lists below a benchmark's config."""
    for key, value in config.items() if isinstance(config, dict) else enumerate(config):
        if str(key).endswith('list_file') and 'fraction' not in config and (problem := _problem(partial(lines, value))):
            yield problem
        if isinstance(value, dict) and DATASETS.get(type_name(value.get('type'))):
            with suppress(TypeError):  # the benchmark adds arguments
                if problem := _problem(partial(DATASETS.build, value)):
                    yield problem
        elif isinstance(value, (dict, list, tuple)):
            yield from _problems_of_parts(value)


def _problem(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except (OSError, ValueError, RuntimeError) as error:  # mmpretrain's StanfordCars raises RuntimeError
        return ' '.join(str(error).split())
    return None
