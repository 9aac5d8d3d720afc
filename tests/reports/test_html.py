from html.parser import HTMLParser

from sslreg.reports import Section, page
from sslreg.reports.page import table


class Text(HTMLParser):
    def __init__(self, markup):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def test_everything_given_is_escaped_and_read_back_as_it_was():
    evil = '<script>a & "b"</script>'
    markup = page(evil, evil, [Section(evil, evil, 'a".png', [[evil], [evil, evil]])])
    parsed = Text(markup)
    assert 'script' not in {tag for tag, _ in parsed.tags}
    assert parsed.text.count(evil) == 8  # page title twice, lede, heading, three cells, text
    assert dict(parsed.tags)['img'] == dict(src='a".png', alt=evil)


def test_blank_lines_separate_paragraphs():
    assert [tag for tag, _ in Text(page('t', 'a\n\nb', [])).tags].count('p') == 2


def test_a_table_without_headings_has_none():
    assert '<thead>' not in page('t', '', [Section('s', table=[[], ['a', 'b']])])
    assert '<thead>' in page('t', '', [Section('s', table=[['x', 'y'], ['a', 'b']])])


def test_cells_of_a_table_are_marked_by_row_and_column():
    markup = table([['', 'a', 'b'], ['x', '1', '2'], ['y', '3', '4']], best={(0, 1)})
    assert [dict(attributes) for tag, attributes in Text(markup).tags if tag == 'td'] == [{}, {'class': 'best'}, {}, {}]
