"""What benchmarks lack that cannot run."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from mmengine.config import Config

from sslreg.datasets.subsets import lines
from sslreg.registry import BENCHMARKS, DATASETS, type_name


class MissingDataError(ValueError):
    """Benchmarks cannot run.

    Attributes:
        missing: What each of them lacks.
    """

    def __init__(self, missing: dict[str, list[str]]) -> None:
        problems = [f'{name}: {problem}' for name, found in missing.items() for problem in found]
        count = '1 benchmark' if len(missing) == 1 else f'{len(missing)} benchmarks'
        super().__init__('\n'.join([f'{count} cannot run: {", ".join(missing)}', *problems]))
        self.missing = missing


def missing(configs: dict[str, Config]) -> dict[str, list[str]]:
    """What each benchmark that cannot run lacks, in words: of its datasets and lists, not only the first."""
    problems = {name: list(_problems(cfg.benchmark)) for name, cfg in configs.items()}
    return {name: list(dict.fromkeys(texts)) for name, texts in problems.items() if texts}


def _problems(config: Any) -> Iterator[str]:
    whole = _problem(lambda: BENCHMARKS.build(config).wanted())
    if whole is not None:
        yield whole
        yield from (part for part in _parts(config) if part not in whole)


def _parts(config: Any) -> Iterator[str]:
    """Of all datasets and lists below a benchmark's config."""
    for key, value in config.items() if isinstance(config, dict) else enumerate(config):
        if str(key).endswith('list_file') and 'fraction' not in config and (problem := _problem(partial(lines, value))):
            yield problem
        if isinstance(value, dict) and DATASETS.get(type_name(value.get('type'))):
            with suppress(TypeError):  # the benchmark adds arguments
                if problem := _problem(partial(DATASETS.build, value)):
                    yield problem
        elif isinstance(value, (dict, list, tuple)):
            yield from _parts(value)


def _problem(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except (OSError, ValueError, RuntimeError) as error:  # the last is that of mmpretrain's StanfordCars
        return ' '.join(str(error).split())
    return None
