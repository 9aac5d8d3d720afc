"""Progress through a data loader, as a bar or as lines in the log."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

from mmengine.dist import is_main_process
from mmengine.logging import print_log
from rich import get_console
from rich.markup import escape
from rich.progress import track
from torch.utils.data import DataLoader

SECONDS_BETWEEN_LINES = 60


def progress(loader: DataLoader[Any], title: str) -> Iterable[Any]:
    """Yield a loader's batches and show progress: a bar on the main process's terminal, else lines in the log."""
    if is_main_process() and get_console().is_interactive:
        return track(loader, description=escape(title), transient=True)
    return _logged(loader, title)


def _logged(loader: DataLoader[Any], title: str) -> Iterator[Any]:
    """Yield the batches; log a line after at least a minute and one per cent."""
    start = last = time.monotonic()
    told = 0.0
    for number, batch in enumerate(loader):
        now, share = time.monotonic(), number / len(loader)
        if now - last >= SECONDS_BETWEEN_LINES and share - told >= 0.01:
            last, told = now, share
            rate = share * len(loader.dataset) / (now - start)  # type: ignore[arg-type]
            to_go = (now - start) * (1 / share - 1)
            print_log(f'{title}: {share:.0%}, {rate:,.1f} images/s, {duration(to_go)} to go', 'current')
        yield batch


def duration(seconds: float) -> str:
    """Return a duration in at most two units: ``'2 h 5 min'``, ``'14 s'``."""
    whole = round(seconds)
    for unit, name, smaller, smaller_name in ((86400, 'd', 3600, 'h'), (3600, 'h', 60, 'min'), (60, 'min', 1, 's')):
        if whole >= unit:
            return f'{whole // unit} {name} {whole % unit // smaller} {smaller_name}'
    return f'{whole} s'
