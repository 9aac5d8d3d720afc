"""Check the environment and show what to type for parts that do not work.

python -m sslreg.doctor
python -m sslreg.doctor torch 'mmcv operators'    # check these parts only

The exit status is 1 if an installed part does not work, or if a part that everything needs is missing.
"""

import argparse
import platform
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from . import ENVIRONMENT, EnvironmentPart, Finding, examine


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        'python -m sslreg.doctor', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('parts', nargs='*', metavar='PART', help='names of parts, as in the table (default: all)')
    return parser.parse_args()


def select_parts(names: list[str]) -> list[EnvironmentPart]:
    """Return the parts with the given names.

    Args:
        names: Names as in the table; none selects all parts.

    Raises:
        SystemExit: A name is unknown.
    """
    known = {part.name: part for part in ENVIRONMENT}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f'no part is called {unknown[0]!r}; there are: {", ".join(known)}')
    return [known[name] for name in names] or ENVIRONMENT


def remedy(finding: Finding) -> str:
    """Return what to type, or nothing if the part works.

    Args:
        finding: The finding.
    """
    if finding.bad:
        return finding.part.remedy
    return finding.part.remedy if finding.status == 'missing' else ''


def title() -> str:
    """Return the name of the environment and the platform."""
    return f'{Path(sys.prefix).name} on {platform.platform()}'


def print_table(findings: Iterable[Finding]) -> list[Finding]:
    """Print a table by rich, or plain lines if rich does not work, and return the findings.

    Args:
        findings: Findings; the checks run while this function iterates over them.
    """
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except Exception:  # the table shows what is wrong with rich
        return [print_line(finding) for finding in findings]
    table = Table('part', 'version', 'status', 'detail', 'needed for', 'what to type', title=title())
    width = None if sys.stdout.isatty() else max(shutil.get_terminal_size().columns, 160)
    console = Console(width=width, markup=False, emoji=False)
    with console.status('checking ...'):
        done = list(findings)
    for each in done:
        colour = 'red' if each.bad else dict(works='green', missing='yellow').get(each.status, 'red')
        status = Text(each.status, style=colour)
        table.add_row(each.part.name, each.version, status, each.detail, each.part.needed_for, remedy(each))
    console.print(table)
    return done


def print_line(finding: Finding) -> Finding:
    """Print a finding as one line, and return it.

    Args:
        finding: The finding.
    """
    cells = (finding.part.name, finding.version, finding.status, finding.detail, remedy(finding))
    print('  '.join(cell for cell in cells if cell))
    return finding


def conclusion(findings: list[Finding]) -> str:
    """Return one sentence on all findings.

    Args:
        findings: All findings.
    """
    bad = [finding.part.name for finding in findings if finding.bad]
    if bad:
        return f'{len(bad)} of {len(findings)} need attention: {", ".join(bad)}'
    missing = [finding.part.name for finding in findings if finding.status == 'missing']
    return 'All that is installed works' + (f'; not installed: {", ".join(missing)}' if missing else '')


def main() -> None:
    """Run the checks; exit with status 1 if parts need attention."""
    findings = print_table(examine(select_parts(parse_args().parts)))
    print(conclusion(findings))
    other = Path('.venv-downstream/bin/python')
    if other.exists() and Path(sys.prefix).resolve() != other.parents[1].resolve():
        print(f'Detection and segmentation have an environment of their own: {other} -m sslreg.doctor')
    raise SystemExit(any(finding.bad for finding in findings))


if __name__ == '__main__':
    main()
