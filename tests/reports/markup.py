"""Pages as a browser reads them."""

import base64
import io
from html.parser import HTMLParser
from urllib.parse import unquote

from PIL import Image

EVIL = '<script>alert(1)</script>&"\''


class Markup(HTMLParser):
    """Tags with their attributes, and texts, of a page in its order."""

    def __init__(self, markup):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def attributes(self, tag, name):
        return [attributes[name] for each, attributes in self.tags if each == tag and name in attributes]

    def pictures(self):
        """Pictures in the file; fails where one is not."""
        content = [source.removeprefix('data:image/png;base64,') for source in self.attributes('img', 'src')]
        return [Image.open(io.BytesIO(base64.b64decode(png, validate=True))) for png in content]


def check_page(path):
    """A page has no scripts and needs no other file; it is returned as it is read."""
    page = Markup(path.read_text(encoding='utf-8'))
    assert {tag for tag, _ in page.tags} <= {
        'html', 'head', 'meta', 'title', 'style', 'body', 'h1', 'h2', 'h3', 'section', 'details', 'summary', 'p', 'a',
        'img', 'div', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'dl', 'dt', 'dd',
    }  # fmt: skip
    names = {name for _, attributes in page.tags for name in attributes}
    assert names <= {'lang', 'charset', 'name', 'content', 'http-equiv', 'class', 'scope', 'src', 'alt', 'href'}
    assert page.pictures() is not None
    assert all(':' not in link and (path.parent / unquote(link)).is_file() for link in page.attributes('a', 'href'))
    return page
