"""``compare``: scored studies of the same images, side by side."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from rich.console import Console

from sslreg.memorization import comparison, tables
from sslreg.memorization import summary as summaries
from sslreg.memorization.split import Split
from sslreg.utils.command_line import add_cfg_options
from sslreg.utils.files import write_json


def add(commands: Any) -> Any:
    compare = commands.add_parser('compare', help='scored studies of the same images, side by side')
    compare.add_argument('out', metavar='OUT', help='compare.json and compare.html go here')
    compare.add_argument('studies', nargs='+', metavar='DIR', help='folders with the scores of `score`, two at least')
    compare.add_argument('--layer', metavar='NAME', help='whose scores are compared (default: the last scored)')
    compare.add_argument(
        '--top',
        type=int,
        default=summaries.TOP,
        metavar='N',
        help='most memorised candidates of which the overlap is measured (default: %(default)s)',
    )
    add_cfg_options(compare)
    return compare


def run(args: Namespace) -> None:
    from sslreg.memorization.report import read_studies, write_comparison  # plots take a while to import

    if args.top < 1:
        raise ValueError(f'--top {args.top} candidates: give 1 at least')
    if len(args.studies) < 2:
        raise ValueError(f'{args.studies[0]} has nothing to be compared with: give the folder of another study')
    studies = read_studies(args.studies, args.layer, args.cfg_options)
    images = [
        comparison.Images(str(study.folder), study.cfg, Split.read(study.split_file), study.about['protocol'])
        for study in studies
    ]
    comparison.check_same_images(images)
    found = dict(layer=studies[0].layer, caveats=comparison.caveats(images)) | comparison.compare(
        {study.name: study.chosen for study in studies}, args.top
    )
    for each, study in zip(found['studies'], studies, strict=True):
        each['folder'] = str(study.folder)
    out = Path(args.out)
    write_json(found, out / 'compare.json')
    write_comparison(studies, found, out)
    for table in tables.of_comparison(found):
        Console().print(table)
    for text in found['caveats']:
        Console().print(text)
    Console().print(f'See {out / "compare.html"}, and {out / "compare.json"} for its figures')
