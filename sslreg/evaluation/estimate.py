"""Estimate of the features that an evaluation will extract and of the time for it, for ``--dry-run``."""

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
from sslreg.utils.progress import duration

from .features.corrupt import SkipBroken
from .features.extract import Extractor, Pass, passes
from .features.kinds import kind_text
from .features.wanted import Wanted
from .suite import Suite

IMAGES = 32  # images that are read to measure
CPU_BATCH = 8
BUDGET = 5.0  # seconds for each measurement


class Estimate(NamedTuple):
    """Estimate for one kind of features of a dataset.

    Attributes:
        stored: Whether the features are in the store.
        seconds: Time to read the dataset and run the network on it; 0 if an earlier estimate includes it.
    """

    stored: bool
    seconds: float


def estimates(extractor: Extractor, wanted: Sequence[Wanted]) -> list[Estimate]:
    """Return an estimate for each request, measured on a few images of its dataset."""
    keys = extractor.keys(wanted)
    found: dict[tuple[str, str], Estimate] = {}
    measured: dict[Any, float] = {}  # seconds an image, alike for equal transforms
    for each in passes(keys, wanted):
        stored = extractor.stored(each)
        found |= {(each.key, kind): Estimate(True, 0) for kind in stored}
        absent = [kind for kind in each.kinds if kind not in stored]
        if not absent:
            continue
        work = (type(each.dataset), pickle.dumps(getattr(each.dataset, 'pipeline', None)), *absent)
        if work not in measured:
            measured[work] = seconds_per_image(extractor, each, absent)
        seconds = measured[work] * len(each.dataset) / get_world_size()
        found |= {(each.key, kind): Estimate(False, seconds if kind == absent[0] else 0) for kind in absent}
    expected: list[Estimate] = []
    for key in keys:
        expected.append(found[key])
        found[key] = found[key]._replace(seconds=0)  # extracted once
    return expected


def seconds_per_image(extractor: Extractor, each: Pass, kinds: list[str]) -> float:
    """Return seconds per image of the slower stage: loading (all workers) or the forward pass, after a warm-up."""
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
    """Return the results of calls, as many as fit the budget, and the mean seconds of a call without the first."""
    results = [call(arguments[0])]
    start = time.perf_counter()
    for argument in arguments[1:] or arguments:
        results.append(call(argument))
        if time.perf_counter() - start > BUDGET:
            break
    return results, (time.perf_counter() - start) / (len(results) - 1)


def describe(suite: Suite, expected: Sequence[Estimate]) -> Table:
    """Make a table of all requests of a suite with their estimates."""
    rows = [(each.name, part, request) for each in suite for part, request in each.requests.items()]
    total = duration(sum(each.seconds for each in expected))
    table = Table(caption=_caption(total))
    for column in ('benchmark', 'part', 'images', 'dataset', 'features', 'stored', 'time'):
        table.add_column(column, overflow='fold')
    for (name, part, request), each in zip(rows, expected, strict=True):
        dataset = type(request.dataset).__name__
        stored = 'yes' if each.stored else 'no'
        seconds = duration(each.seconds) if each.seconds else ''
        table.add_row(name, part, f'{len(request.dataset):,}', dataset, kind_text(request.kind), stored, seconds)
    return table


def _caption(total: str) -> str:
    return (
        f'features of all: about {total}, estimated from a few images on as many processes as now, {get_world_size()}; '
        'without the training of probes, which on random views reads all images in each epoch'
    )
