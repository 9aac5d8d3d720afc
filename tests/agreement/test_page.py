"""Each row of docs/agreement.md names a test that exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip('|').split('|')]
    for line in (ROOT / 'docs' / 'agreement.md').read_text().splitlines()
    if line.startswith('| ') and not line.startswith('| what')
]
NAMED = re.compile(r'`(tests/[\w/]+\.py)::(\w+)`')


def functions(file):
    return {node.name for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.FunctionDef)}


def test_rows_have_four_cells():
    """What, with which program, to how many digits, and the test."""
    assert len(ROWS) > 10
    assert [row for row in ROWS if len(row) != 4 or not all(row)] == []


def test_rows_name_tests_that_exist():
    without = [row[0] for row in ROWS if not NAMED.search(row[3])]
    assert without == []
    named = {match for row in ROWS for match in NAMED.findall(row[3])}
    assert sorted(f'{file}::{name}' for file, name in named if name not in functions(file)) == []
