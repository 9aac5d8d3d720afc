"""``compare``: scored studies of the same images, side by side."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from sslreg.memorization.comparability import check_same_images
from sslreg.memorization.comparison import compare_studies
from sslreg.memorization.score_statistics import TOP_CANDIDATES
from sslreg.memorization.scored_study import read_studies
from sslreg.memorization.terminal_tables import comparison_tables
from sslreg.utils.command_line import add_cfg_options
from sslreg.utils.console import show


def add_compare(commands: Any) -> None:
    """Add the command to the parser."""
    compare = commands.add_parser('compare', help='scored studies of the same images, side by side')
    compare.add_argument('out', metavar='OUT', help='compare.json and compare.html go here')
    compare.add_argument('studies', nargs='+', metavar='DIR', help='folders with the scores of `score`, two at least')
    compare.add_argument('--layer', metavar='NAME', help='layer to compare by (default: the last that was scored)')
    compare.add_argument(
        '--top',
        type=int,
        metavar='N',
        help=f'number of most memorised candidates to compare (default: {TOP_CANDIDATES}, but a third of them at most)',
    )
    add_cfg_options(compare)
    compare.set_defaults(run=run_compare)


def run_compare(args: Namespace) -> None:
    """Write the comparison and its page, and print tables."""
    from sslreg.memorization.report import write_comparison  # plots take a while to import

    if args.top is not None and args.top < 1:
        raise ValueError(f'--top {args.top} candidates: give 1 at least')
    if len(args.studies) < 2:
        raise ValueError(f'{args.studies[0]} has nothing to be compared with: give the folder of another study')
    studies, out = read_studies(args.studies, args.layer, args.cfg_options), Path(args.out)
    check_same_images(studies)
    found = compare_studies(studies, args.top)
    found.write(out / 'compare.json')
    write_comparison(studies, found, out)
    for each in (*comparison_tables(found), *found.caveats):
        show(each)
    show(f'See {out / "compare.html"}, and {out / "compare.json"} for its figures')
