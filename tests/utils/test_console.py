"""Text in the terminal is shown as it is."""

import json
import re
import runpy
import sys
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


@pytest.mark.parametrize('tool', ['test.py', 'downstream/test.py'])
def test_metrics_are_written_before_they_are_shown(tool, tmp_path, monkeypatch, capsys):
    """Whatever the checkpoint is called, and also if the terminal is gone."""
    monkeypatch.setattr('sys.path', sys.path.copy())
    report = runpy.run_path(str(ROOT / 'tools' / tool), run_name='tool')['report']
    report({'a[/b]': 1.0}, NAME, str(tmp_path / 'a.json'))
    assert NAME in ' '.join(capsys.readouterr().out.split())

    def gone(*_):
        raise BrokenPipeError

    monkeypatch.setitem(report.__globals__, 'show', gone)
    with pytest.raises(BrokenPipeError):
        report({'a[/b]': 2.0}, NAME, str(tmp_path / 'a.json'))
    assert json.loads((tmp_path / 'a.json').read_text()) == {'a[/b]': 2.0}
