"""``report``: a page about scored studies."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from sslreg.memorization.scored_study import read_studies
from sslreg.utils.command_line import add_cfg_options
from sslreg.utils.console import show


def add_report(commands: Any) -> None:
    """Add the command to the parser."""
    report = commands.add_parser('report', help='a page about one or several scored studies')
    report.add_argument('studies', nargs='+', metavar='DIR', help='folders with the scores of `score`')
    report.add_argument('--out', metavar='DIR', help='folder for the page (default with one study: DIR/report)')
    report.add_argument('--layer', metavar='NAME', help='layer to show (default: the last that was scored)')
    report.add_argument(
        '--top',
        type=int,
        default=32,
        metavar='N',
        help='number of most and of least memorised candidates to show as pictures (default: 32; 0 shows none and '
        'reads no data)',
    )
    add_cfg_options(report)
    report.set_defaults(run=run_report)


def run_report(args: Namespace) -> None:
    """Write the page."""
    from sslreg.memorization.report import write_memorization  # plots take a while to import

    if args.top < 0:
        raise ValueError(f'--top {args.top} pictures: give 0 or more')
    if len(args.studies) > 1 and not args.out:
        raise ValueError(f'a page about {len(args.studies)} studies belongs to none of their folders: give its --out')
    out = Path(args.out or Path(args.studies[0], 'report'))
    write_memorization(read_studies(args.studies, args.layer, args.cfg_options), out, args.top)
    show(f'See {out / "report.html"}, and {out / "report.json"} for its figures')
