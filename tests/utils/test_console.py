"""Text in the terminal is shown as it is."""

import re
from pathlib import Path

import pytest
from rich.table import Table

from sslreg.utils.console import show

NAME = 'x[/b] [red]a[/red] :ok: [link=b].pth'
ROOT = Path(__file__).parents[2]


def test_names_with_brackets_are_no_markup(capsys):
    table = Table(NAME, title=NAME, caption=NAME)
    table.add_row(NAME)
    show(table, f'See {NAME}')
    assert capsys.readouterr().out.count(NAME) == 5


@pytest.mark.parametrize('folder', ['sslreg', 'tools', 'benchmarks'])
def test_all_print_by_this_console(folder):
    """rich's own console takes ``[...]`` for markup: only here, and where rich may be missing, is one made."""
    allowed = {ROOT / 'sslreg/utils/console.py', *(ROOT / 'sslreg/doctor').glob('*.py')}
    for file in set((ROOT / folder).rglob('*.py')) - allowed:
        assert not re.search(r'rich\.console|Console\(|get_console\(\)\.print|rich import print', file.read_text()), (
            file
        )
