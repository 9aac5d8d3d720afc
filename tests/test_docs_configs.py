"""The configs that the documentation shows are read without a line that has no effect."""

import re
from pathlib import Path

import pytest

from sslreg.utils.config_files import load_config

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
SHOWN = [
    pytest.param(block, id=f'{page.name}-{number}')
    for page in PAGES
    for number, block in enumerate(re.findall(r'```python\n(.*?)```', page.read_text(), re.DOTALL))
    if 'read_base()' in block
]


@pytest.mark.parametrize('text', SHOWN)
def test_every_line_of_a_config_that_a_page_shows_has_an_effect(text, tmp_path):
    (tmp_path / 'configs' / 'my').mkdir(parents=True)
    for part in (ROOT / 'configs').iterdir():
        if part.name != 'my':
            (tmp_path / 'configs' / part.name).symlink_to(part)
    folder = tmp_path / 'mine' if '..configs' in text else tmp_path / 'configs' / 'my'
    folder.mkdir(exist_ok=True)
    (folder / 'shown.py').write_text(text)
    assert load_config(folder / 'shown.py')


def test_pages_show_configs():
    assert len(SHOWN) >= 4
