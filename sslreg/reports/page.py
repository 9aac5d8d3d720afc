"""Reports as single HTML pages: pictures inside the file, no scripts, nothing from the network."""

import base64
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from jinja2 import Environment, PackageLoader, StrictUndefined

from sslreg.utils.files import atomic_write

DENSE_COLUMNS = 6  # tables with more columns get smaller type


@dataclass(frozen=True)
class Image:
    """PNG picture of a page.

    Attributes:
        png: Content of the PNG file.
        alt: Text for readers who cannot see the picture.
        file_name: Name of a copy beside the page, which the picture links to; '' without a copy.
    """

    kind: ClassVar = 'image'

    png: bytes
    alt: str
    file_name: str = ''

    @classmethod
    def read(cls, path: Path, alt: str) -> 'Image':
        """Read a PNG that lies beside the page."""
        return cls(path.read_bytes(), alt, path.name)

    @property
    def source(self) -> str:
        """Content as a data URI."""
        return f'data:image/png;base64,{base64.b64encode(self.png).decode()}'


@dataclass(frozen=True)
class Table:
    """Table of text cells.

    Attributes:
        rows: Rows of cells. The first row has the column headings; an empty first row leaves them out.
        best: Row and column, counted from 0 without headings, of the cells to highlight.
    """

    kind: ClassVar = 'table'

    rows: Sequence[Sequence[str]]
    best: Set[tuple[int, int]] = frozenset()

    @property
    def dense(self) -> bool:
        """Whether the table has so many columns that it needs smaller type."""
        return len(self.rows[0]) > DENSE_COLUMNS


@dataclass(frozen=True)
class Facts:
    """Table of names and texts, which may be long.

    Attributes:
        texts: Text by name.
    """

    kind: ClassVar = 'facts'

    texts: Mapping[str, str]


@dataclass(frozen=True)
class Section:
    """Part of a page under a heading.

    Attributes:
        heading: Title of the section.
        content: Blocks in reading order; a text may have several paragraphs, separated by blank lines.
        collapsed: Whether only the heading shows until the reader opens the section.
        figures: Numbers of the section for ``report.json``.
    """

    kind: ClassVar = 'section'

    heading: str
    content: Sequence['Block'] = ()
    collapsed: bool = False
    figures: Mapping[str, Any] = field(default_factory=dict)


Block = str | Image | Table | Facts | Section


def write_page(path: Path, title: str, introduction: str, sections: Sequence[Section]) -> None:
    """Write an HTML page; all names and texts are escaped.

    Args:
        path: HTML file to write.
        title: Title of the page.
        introduction: First paragraphs, separated by blank lines.
        sections: Sections in reading order.
    """
    markup = _environment().get_template('page.html.j2').render(title=title, content=[introduction, *sections])
    with atomic_write(path) as partial:
        partial.write_text(markup, encoding='utf-8')


def merge_figures(sections: Iterable[Section]) -> dict[str, Any]:
    """Merge the figures of sections into one dict for ``report.json``."""
    return {name: value for section in sections for name, value in section.figures.items()}


@cache
def _environment() -> Environment:
    """Load the templates of this package, with escaping of everything that is inserted."""
    return Environment(
        loader=PackageLoader('sslreg.reports'),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
