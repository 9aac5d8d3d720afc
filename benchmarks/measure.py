"""Time and peak memory of two functions, measured side by side in one process."""

import argparse
import ctypes
import gc
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')  # before torch: its threads otherwise wait in a busy loop

import torch
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from sslreg.utils.console import show


@dataclass(frozen=True)
class Row:
    """Row of a comparison; ``ratio`` is the speed of SSLReg relative to the baseline."""

    name: str
    baseline_seconds: float
    seconds: float
    ratio: float
    baseline_peak_mb: float
    peak_mb: float


def compare(name: str, baseline: Callable[[], object], ours: Callable[[], object], rounds: int) -> Row:
    """Return median seconds over interleaved rounds, and the growth of memory at the peak of each function.

    Args:
        name: Name of the row.
        baseline: Function to compare with.
        ours: SSLReg's function.
        rounds: Number of timed calls of each.
    """
    for call in (baseline, ours):  # so that one-time allocations count for neither
        call()
    peaks = [peak_mb(call) for call in (baseline, ours)]
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        for place, call in enumerate((baseline, ours)):
            times[place].append(seconds(call))
    medians = [statistics.median(each) for each in times]
    return Row(name, *medians, medians[0] / medians[1], *peaks)


def seconds(call: Callable[[], object]) -> float:
    """Return the seconds of a call: CPU time with one thread on the CPU, otherwise wall time.

    CPU time is less sensitive to other work on the machine.

    Args:
        call: The function.
    """
    clock = time.perf_counter if torch.cuda.is_available() or torch.get_num_threads() > 1 else time.process_time
    synchronize()
    start = clock()
    call()
    synchronize()
    return clock() - start


def synchronize() -> None:
    """Wait for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def peak_mb(call: Callable[[], object]) -> float:
    """Return the growth of the peak memory in MB during a call: of CUDA's allocator, or of the process (Linux)."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        torch.cuda.synchronize()
        return (torch.cuda.max_memory_allocated() - before) / 1e6
    ctypes.CDLL('libc.so.6').malloc_trim(0)  # otherwise memory left by earlier calls would hide this call's growth
    Path('/proc/self/clear_refs').write_text('5')  # the high-water mark starts again from here
    before = _status('VmRSS')
    call()
    return (_status('VmHWM') - before) / 1e3


def _status(name: str) -> int:
    """Return a value of the process's status in kB."""
    lines = Path('/proc/self/status').read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f'{name}:')))


def hardware() -> str:
    """Return a description of the device."""
    if torch.cuda.is_available():
        return f'{torch.cuda.get_device_name()}, torch {torch.__version__}'
    threads = torch.get_num_threads()
    return f'{platform.machine()}, {threads} thread{"s" if threads > 1 else ""}, torch {torch.__version__}'


def arguments(description: str) -> argparse.Namespace:
    """Return the options that all benchmarks share.

    Args:
        description: Description for ``--help``.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--quick', action='store_true', help='smaller sizes')
    parser.add_argument('--json', metavar='FILE', type=Path, help='write the rows there')
    parser.add_argument('--rounds', type=int, default=5, help='timed calls of each; the median counts (default: 5)')
    parser.add_argument(
        '--threads', type=int, default=1, help='threads of torch on the CPU (default: 1, least disturbed)'
    )
    args = parser.parse_args()
    for name in ('rounds', 'threads'):
        if getattr(args, name) < 1:
            parser.error(f'--{name} {getattr(args, name)} must be at least 1')
    torch.set_num_threads(args.threads)
    return args


def report(title: str, rows: Sequence[Row], file: Path | None) -> None:
    """Print the table, and write the rows as JSON.

    Args:
        title: Title of the table.
        rows: Its rows.
        file: Path of the JSON, or None.
    """
    names = ('', 'base ms', 'ours ms', 'x faster', 'base MB', 'ours MB', 'x less')
    table = Table(*names, title=title, box=SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    for column in table.columns:
        column.no_wrap = True
        column.justify = 'left' if column is table.columns[0] else 'right'
    for row in rows:
        less = row.baseline_peak_mb / max(row.peak_mb, 0.1)
        table.add_row(
            row.name,
            f'{row.baseline_seconds * 1e3:.1f}',
            f'{row.seconds * 1e3:.1f}',
            f'{row.ratio:.2f}',
            f'{row.baseline_peak_mb:.0f}',
            f'{row.peak_mb:.1f}',
            f'{less:.0f}',
        )
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps([asdict(row) for row in rows], indent=2) + '\n')
    note = f'{hardware()}; median of interleaved rounds; MB at the peak beside the inputs'
    show(table, Text(note, style='dim'))
