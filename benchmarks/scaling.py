"""Cost of MaSSL's loss by the number of entries K of the memory, of images B and of views V.

    python -m benchmarks.scaling [--quick] [--json FILE]

Time should be linear in each, and memory at the peak should not depend on K. Width 256, blocks of 16384 entries.
"""

import json
import statistics
from pathlib import Path

import torch
import torch.nn.functional as F
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from benchmarks.loss import BLOCK, DEVICE, STUDENT_TEMP, TEACHER_TEMP, WIDTH, streamed
from benchmarks.measure import arguments, hardware, peak_mb, seconds
from sslreg.models import QueueMemory, ViewMemoryHead
from sslreg.utils.console import show

Case = tuple[int, int, int]  # K, B, V
CASES: dict[str, list[Case]] = {
    'quick': [(16384, 8, 12), (65536, 8, 12), (65536, 16, 12), (65536, 8, 6)],
    'full': [
        *((length, 32, 12) for length in (16384, 65536, 262144, 1048576)),
        *((65536, num_images, 12) for num_images in (8, 64, 128)),
        *((65536, 32, views) for views in (2, 6, 24)),
    ],
}


def measure(case: Case, rounds: int) -> dict[str, float]:
    """Return seconds and peak MB of a loss with its gradient."""
    length, num_images, views = case
    torch.manual_seed(0)
    memory = QueueMemory(length, WIDTH, num_blocks=length // BLOCK).to(DEVICE)
    head = ViewMemoryHead(dict(type='ViewMemoryCELoss'), STUDENT_TEMP, TEACHER_TEMP)
    queries, keys = (F.normalize(torch.randn(n, num_images, WIDTH, device=DEVICE), dim=-1) for n in (views, 2))

    def call() -> None:
        streamed(head, memory, queries, keys)

    call()
    return dict(peak_mb=peak_mb(call), seconds=statistics.median(seconds(call) for _ in range(rounds)))


def report(rows: list[dict[str, float]], file: Path | None) -> None:
    """Print the table, and write the rows as JSON."""
    table = Table(
        'K', 'B', 'V', 'ms', 'ns per K B (V + 2)', 'MB', box=SIMPLE_HEAD, title="MaSSL's loss with its gradient"
    )
    for column in table.columns:
        column.justify = 'right'
    for row in rows:
        unit = row['seconds'] / (row['K'] * row['B'] * (row['V'] + 2)) * 1e9
        shown = (f'{row[name]:,}' for name in 'KBV')
        table.add_row(*shown, f'{row["seconds"] * 1e3:.1f}', f'{unit:.2f}', f'{row["peak_mb"]:.1f}')
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(rows, indent=2) + '\n')
    show(table, Text(f'{hardware()}; MB at the peak beside the memory', style='dim'))


def main() -> None:
    """Run the benchmark and print its table."""
    args = arguments(__doc__.split('\n')[0])
    cases = CASES['quick' if args.quick else 'full']
    report([dict(zip('KBV', case, strict=True)) | measure(case, args.rounds) for case in cases], args.json)


if __name__ == '__main__':
    main()
