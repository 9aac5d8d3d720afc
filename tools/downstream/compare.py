"""Compare fine-tunings of one network by their losses and validation metrics, as a picture and a table.

python tools/downstream/compare.py pre-trained=work_dirs/downstream/a random=work_dirs/downstream/b --out a_b.png
"""

import argparse
import json
from pathlib import Path
from typing import Any

from sslreg.utils import command_line

command_line.prepare()

from rich.table import Table

from sslreg.reports.plots import Line, Panel, line_panels, smooth
from sslreg.utils.console import show

WINDOW = 5  # logged steps over which losses are averaged
NOT_METRICS = ('time', 'data_time', 'step')


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument('runs', nargs='+', metavar='NAME=DIR', help='names of runs and their work dirs')
    parser.add_argument('--out', required=True, metavar='FILE.png', help='picture to write')
    args = parser.parse_args()
    for run in args.runs:
        name, _, folder = run.partition('=')
        if not (name and folder):
            parser.error(f"'{run}' is not NAME=DIR, e.g. random=work_dirs/downstream/mmdet/faster-rcnn_r18_bccd_small")
    return args


def logged(folder: Path) -> list[dict[str, Any]]:
    """Return the logged scalars of a work dir by steps; steps after a resumption replace earlier ones.

    Args:
        folder: The work dir.

    Raises:
        FileNotFoundError: The work dir has no losses.
    """
    rows: list[dict[str, Any]] = []
    for file in sorted(folder.glob('*/vis_data/scalars.json')):
        new = [json.loads(line) for line in file.read_text().splitlines()]
        first = next((row['step'] for row in new if 'loss' in row), None)
        if first is not None:  # a training, not only an evaluation
            rows = [row for row in rows if row['step'] < first] + new
    if not rows:
        raise FileNotFoundError(f'no losses in {folder}/*/vis_data/scalars.json: is it the work dir of a training?')
    return rows


def losses(name: str, rows: list[dict[str, Any]]) -> Line:
    """Return the smoothed losses of a run as a line of a plot."""
    of_steps = [row for row in rows if 'loss' in row]
    values = smooth([row['loss'] for row in of_steps], WINDOW)
    return Line([row['step'] for row in of_steps], values, name, {})


def validation(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return the metrics of the last validation."""
    last = next((row for row in reversed(rows) if 'loss' not in row), {})
    return {name: value for name, value in last.items() if name not in NOT_METRICS}


def main() -> None:
    """Draw the losses, and print the table."""
    args = parse_args()
    runs = {name: logged(Path(folder)) for name, _, folder in (run.partition('=') for run in args.runs)}
    found = {name: validation(rows) for name, rows in runs.items()}
    table = Table('last validation', *runs)
    for metric in dict.fromkeys(metric for metrics in found.values() for metric in metrics):
        table.add_row(metric, *(f'{metrics[metric]:.3f}' if metric in metrics else '' for metrics in found.values()))
    Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    lines = [losses(name, rows) for name, rows in runs.items()]
    line_panels(args.out, [Panel(lines, 'step', 'loss', axes=dict(ylim=(0, None)))], size=(7.0, 3.2))
    show(table if table.rows else 'No run has been validated yet.')


if __name__ == '__main__':
    main()
