"""Compare the benchmark results of several models: tables, plots and a CSV file.

python tools/compare_results.py work_dirs/a/benchmarks work_dirs/b/benchmarks --out work_dirs/a_b
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))
from sslreg.utils import command_line

command_line.prepare()

from sslreg.evaluation import Evaluation
from sslreg.evaluation.results import write_csv
from sslreg.evaluation.tables import Comparison, compare, overview, short_table
from sslreg.reports import write_benchmarks
from sslreg.utils.console import show


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        'folders',
        nargs='+',
        metavar='DIR',
        help='folders of results.json (--out of tools/test.py --benchmarks), one per model',
    )
    parser.add_argument('--out', required=True, metavar='DIR', help='folder for report.html and results.csv')
    return parser.parse_args()


def rows(comparisons: Sequence[Comparison]) -> list[list[object]]:
    """Return rows of benchmark, metric, and the value of each model and paper, '' for missing values."""
    titles = list(dict.fromkeys(title for each in comparisons for title in each.models))
    papers = list(dict.fromkeys(paper for each in comparisons for paper in each.papers))
    header: list[object] = ['benchmark', 'metric', *titles, *papers]
    return [header] + [
        [each.name, metric, *(each.columns.get(column, {}).get(metric, '') for column in titles + papers)]
        for each in comparisons
        for metric in each.all_metrics
    ]


def main() -> None:
    """Write the tables and plots of a comparison."""
    args = parse_args()
    out = Path(args.out)
    evaluations = [Evaluation.read(Path(folder)) for folder in args.folders]
    comparisons = compare(evaluations)
    out.mkdir(parents=True, exist_ok=True)
    write_csv(out / 'results.csv', rows(comparisons))
    write_benchmarks(evaluations, out / 'report.html', f'{len(evaluations)} models compared')
    for table in [overview(comparisons), *(short_table(each, 'results.csv') for each in comparisons)]:
        show(table.rich())
    show(f'See {out / "report.html"}')


if __name__ == '__main__':
    main()
