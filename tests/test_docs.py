"""The documentation names files that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *sorted((ROOT / 'docs').glob('*.md'))]
FILES = re.compile(r'\b((?:configs|tools|tests|docs|sslreg|benchmarks)/[\w/.-]+\.(?:py|sh|md))\b')


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    links = re.findall(r'\]\((?!https?:)([^)#]+)', page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_files_that_commands_and_texts_name_exist(page):
    own = ('configs/my/', 'configs/downstream/CONFIG')  # the reader's
    named = {name for name in FILES.findall(page.read_text()) if not name.startswith(own)}
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
