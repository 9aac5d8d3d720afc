"""What an evaluation will read and how long that takes: for ``--dry-run``."""

import os
import pickle
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice
from typing import Any, NamedTuple

import torch
from mmengine.dist import get_world_size
from rich.table import Table
from torch import Tensor

from sslreg.datasets import collate
from sslreg.evaluation.protocols.base import Wanted
from sslreg.utils.progress import duration

from .corrupt import SkipBroken
from .extract import Extractor, Pass, passes
from .kinds import kind_text

IMAGES = 32  # that are read
CPU_BATCH = 8
BUDGET = 5.0  # seconds for each measurement


class Forecast(NamedTuple):
    """Of one kind of features of a dataset.

    Attributes:
        stored: Whether they need not be made.
        seconds: Estimate for reading the dataset and showing it to the network, 0 where an earlier one includes it.
    """

    stored: bool
    seconds: float


def forecast(extractor: Extractor, wanted: Sequence[Wanted]) -> list[Forecast]:
    """For each of ``wanted``, measured on a few images of it."""
    keys = extractor.keys(wanted)
    found: dict[tuple[str, str], Forecast] = {}
    measured: dict[Any, float] = {}  # seconds an image, alike for equal transforms
    for each in passes(keys, wanted):
        stored = extractor.stored(each)
        found |= {(each.key, kind): Forecast(True, 0) for kind in stored}
        missing = [kind for kind in each.kinds if kind not in stored]
        if not missing:
            continue
        what = (type(each.dataset), pickle.dumps(getattr(each.dataset, 'pipeline', None)), *missing)
        if what not in measured:
            measured[what] = seconds_per_image(extractor, each, missing)
        seconds = measured[what] * len(each.dataset) / get_world_size()
        found |= {(each.key, kind): Forecast(False, seconds if kind == missing[0] else 0) for kind in missing}
    expected: list[Forecast] = []
    for key in keys:
        expected.append(found[key])
        found[key] = found[key]._replace(seconds=0)  # made once
    return expected


def seconds_per_image(extractor: Extractor, each: Pass, kinds: list[str]) -> float:
    """Of the slower of reading, by all workers, and of the network; after a first image or batch that is not timed."""
    dataset = SkipBroken(each.dataset)
    chosen = torch.linspace(0, len(dataset) - 1, min(len(dataset), IMAGES)).long().tolist()
    items, reading = _timed(dataset.__getitem__, chosen)
    items = [item for item in items if not isinstance(item, int)]
    if not items:
        raise ValueError(f'none of {len(chosen)} images of {type(each.dataset).__name__} can be decoded')
    batch_size = (extractor.batch_size if torch.cuda.is_available() else CPU_BATCH) if each.one_size else 1
    batches = [list(islice(cycle(items), batch_size))] * 3 if each.one_size else [[item] for item in items]
    _, showing = _timed(partial(_show, extractor, extractor.functions(each, kinds)), batches)
    workers = min(extractor.num_workers, os.cpu_count() or 1)
    showing /= batch_size
    return max(reading / workers, showing) if workers else reading + showing


def _show(extractor: Extractor, fns: Sequence[Callable[[Tensor], Tensor]], items: list[Any]) -> None:
    data = extractor.model.data_preprocessor(collate(items), False)
    for fn in fns:
        fn(data['inputs'])


def _timed(call: Callable[[Any], Any], arguments: Sequence[Any]) -> tuple[list[Any], float]:
    """What calls return, and the mean seconds of one, without the first; no more than fit the budget."""
    results = [call(arguments[0])]
    start = time.perf_counter()
    for argument in arguments[1:] or arguments:
        results.append(call(argument))
        if time.perf_counter() - start > BUDGET:
            break
    return results, (time.perf_counter() - start) / (len(results) - 1)


def describe(wanted: dict[str, dict[str, Wanted]], forecasts: Sequence[Forecast]) -> Table:
    """A row for each kind of features that is wanted, in the order of the forecasts."""
    rows = [(name, part, each) for name, parts in wanted.items() for part, each in parts.items()]
    total = duration(sum(each.seconds for each in forecasts))
    table = Table(caption=_caption(total))
    for column in ('benchmark', 'part', 'images', 'dataset', 'features', 'stored', 'time'):
        table.add_column(column, overflow='fold')
    for (name, part, each), expected in zip(rows, forecasts, strict=True):
        dataset = type(each.dataset).__name__
        stored = 'yes' if expected.stored else 'no'
        seconds = duration(expected.seconds) if expected.seconds else ''
        table.add_row(name, part, f'{len(each.dataset):,}', dataset, kind_text(each.kind), stored, seconds)
    return table


def _caption(total: str) -> str:
    return (
        f'features of all: about {total}, estimated from a few images on as many processes as now, {get_world_size()}; '
        'without the training of probes, which on random views reads all images in each epoch'
    )
