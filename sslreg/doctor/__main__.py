"""Say what of the environment works, and what to type where it does not.

python -m sslreg.doctor
python -m sslreg.doctor torch 'mmcv operators'    # these parts alone

Exit status 1 if something that is installed does not work, or something is missing that everything needs.
"""

import argparse
import platform
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from . import PARTS, Finding, Part, examine


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        'python -m sslreg.doctor', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('parts', nargs='*', metavar='PART', help='names of parts, as in the table (default: all)')
    return parser.parse_args()


def chosen(names: list[str]) -> list[Part]:
    known = {part.name: part for part in PARTS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f'no part is called {unknown[0]!r}; there are: {", ".join(known)}')
    return [known[name] for name in names] or PARTS


def remedy(finding: Finding) -> str:
    if finding.bad:
        return finding.part.remedy
    return finding.part.remedy if finding.status == 'missing' else ''


def title() -> str:
    return f'{Path(sys.prefix).name} on {platform.platform()}'


def print_table(findings: Iterable[Finding]) -> list[Finding]:
    """A table on a terminal that rich can draw on; plain lines without rich. Returns the findings."""
    try:
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table
    except Exception:  # whatever is wrong with rich is in the table
        return [plain(finding) for finding in findings]
    table = Table('part', 'version', 'status', 'detail', 'needed for', 'what to type', title=title())
    console = Console(width=None if sys.stdout.isatty() else max(shutil.get_terminal_size().columns, 160))
    with console.status('checking ...'):
        done = list(findings)
    for each in done:
        colour = 'red' if each.bad else dict(works='green', missing='yellow').get(each.status, 'red')
        status = f'[{colour}]{each.status}[/]'
        cells = (each.part.name, each.version, status, escape(each.detail), each.part.needed_for)
        table.add_row(*cells, escape(remedy(each)))
    console.print(table)
    return done


def plain(finding: Finding) -> Finding:
    cells = (finding.part.name, finding.version, finding.status, finding.detail, remedy(finding))
    print('  '.join(cell for cell in cells if cell))
    return finding


def conclusion(findings: list[Finding]) -> str:
    bad = [finding.part.name for finding in findings if finding.bad]
    if bad:
        return f'{len(bad)} of {len(findings)} need attention: {", ".join(bad)}'
    missing = [finding.part.name for finding in findings if finding.status == 'missing']
    return 'All that is installed works' + (f'; not installed: {", ".join(missing)}' if missing else '')


def main() -> None:
    findings = print_table(examine(chosen(parse_args().parts)))
    print(conclusion(findings))
    other = Path('.venv-downstream/bin/python')
    if other.exists() and Path(sys.prefix).resolve() != other.parents[1].resolve():
        print(f'Detection and segmentation have an environment of their own: {other} -m sslreg.doctor')
    raise SystemExit(any(finding.bad for finding in findings))


if __name__ == '__main__':
    main()
