"""A page is one file with everything in it, and nothing that is given becomes markup."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from jinja2.exceptions import UndefinedError
from PIL import Image as Picture

from sslreg.reports import Facts, Image, Section, Table, merge_figures, write_page
from tests.conftest import ROOT

from .markup import EVIL, check_page


def png() -> bytes:
    file = io.BytesIO()
    Picture.new('RGB', (3, 2), (255, 0, 0)).save(file, 'png')
    return file.getvalue()


@pytest.fixture
def page(tmp_path):
    """Write a page, check that it is self-contained, and read it."""

    def write(*sections, title='', introduction=''):
        write_page(tmp_path / 'page.html', title, introduction, sections)
        return check_page(tmp_path / 'page.html')

    return write


def test_everything_given_is_escaped_and_read_back_as_it_was(page):
    blocks = [EVIL, Image(png(), EVIL), Table([[EVIL], [EVIL, EVIL]], {(0, 0)}), Facts({EVIL: EVIL})]
    inner = Section(EVIL, blocks, collapsed=True)
    found = page(Section(EVIL, [*blocks, inner]), title=EVIL, introduction=EVIL)
    assert found.text.count(EVIL) == 3 + 1 + 6 + 1 + 6  # title twice, introduction, heading, blocks
    assert found.attributes('img', 'alt') == [EVIL, EVIL]


def test_a_picture_is_in_the_page_and_links_to_its_file(page, tmp_path):
    name = 'javascript:a #?%&".png'
    (tmp_path / name).write_bytes(png())
    found = page(Section('s', [Image.read(tmp_path / name, 'red'), Image(png(), 'red')]))
    assert [picture.getpixel((0, 0)) for picture in found.pictures()] == [(255, 0, 0), (255, 0, 0)]
    assert found.attributes('a', 'href') == ['javascript%3Aa%20%23%3F%25%26%22.png']


def test_a_browser_is_told_to_load_and_run_nothing(page):
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert policy in page().attributes('meta', 'content')


def test_blank_lines_separate_paragraphs(page):
    found = page(Section('s', ['c\n\nd', '']), introduction='a\n\nb')
    assert [tag for tag, _ in found.tags].count('p') == 4


def test_a_table_without_headings_has_none(page):
    assert 'thead' not in dict(page(Section('s', [Table([[], ['a', 'b']])])).tags)
    assert 'thead' in dict(page(Section('s', [Table([['x', 'y'], ['a', 'b']])])).tags)


def test_cells_of_a_table_are_marked_by_row_and_column(page):
    found = page(Section('s', [Table([['', 'a', 'b'], ['x', '1', '2'], ['y', '3', '4']], best={(0, 1)})]))
    assert [attributes for tag, attributes in found.tags if tag == 'td'] == [{}, {'class': 'best'}, {}, {}]


def test_only_tables_with_many_columns_are_dense(page):
    found = page(Section('s', [Table([['x'] * 6, ['a'] * 6]), Table([['x'] * 7, ['a'] * 7])]))
    assert found.attributes('div', 'class') == ['table', 'table dense']


def test_only_long_cells_may_have_several_lines(page):
    long = 'no, the other way round, p = 0.79'
    found = page(Section('s', [Table([[], [long, '0.1234 ± 0.0012', long]])]))
    assert [attributes for tag, attributes in found.tags if tag == 'td'] == [{}, {'class': 'long'}]
    assert found.attributes('th', 'class') == ['long']


def test_sections_in_a_section_have_lower_headings_and_collapsed_ones_a_summary(page):
    found = page(Section('a', [Section('b', ['text']), Section('c', ['text'], collapsed=True)]))
    names = [tag for tag, _ in found.tags if tag in ('h1', 'h2', 'h3', 'summary')]
    assert names == ['h1', 'h2', 'h3', 'summary']


def test_figures_of_sections_are_merged():
    assert merge_figures([Section('a', figures=dict(x=1)), Section('b'), Section('c', figures=dict(y=2))]) == dict(
        x=1, y=2
    )


def test_a_block_of_no_kind_is_an_error(tmp_path):
    with pytest.raises(UndefinedError, match='kind'):
        write_page(tmp_path / 'page.html', '', '', [Section('s', [3])])
    assert not list(tmp_path.iterdir())


def test_an_installed_package_has_the_templates(tmp_path):
    command = [sys.executable, 'setup.py', '-q', 'build_py', '--build-lib', str(tmp_path)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    folder = Path('sslreg/reports/templates')
    installed = {file.name for file in (tmp_path / folder).iterdir()}
    assert installed == {file.name for file in (ROOT / folder).iterdir()} != set()
