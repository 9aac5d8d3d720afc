"""A report as one HTML page: no scripts, nothing from the network; pictures lie beside it or are in it."""

import base64
from collections.abc import Sequence, Set
from html import escape
from pathlib import Path
from typing import NamedTuple

CSS = """
body { max-width: 56rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; color: #1d2129; background: #fff;
       font: 1rem/1.6 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.25; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .75rem; padding-top: 1.25rem; border-top: 1px solid #e3e5e8; }
p { margin: .6rem 0; max-width: 46rem; }
img { display: block; max-width: 100%; height: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .75rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem 2rem .3rem 0; border-bottom: 1px solid #e3e5e8; }
thead th { border-bottom: 2px solid #9aa1ab; font-weight: 600; }
tbody th { font-weight: 400; color: #555c66; }
.results { overflow-x: auto; }
.results th, .results td { padding-right: 1.25rem; font-size: .92rem; }
.results td, .results tbody th { white-space: nowrap; }
.many th, .many td { padding-right: .7rem; font-size: .82rem; }
.results thead th { vertical-align: bottom; }
.best { font-weight: 700; color: #177e73; }
.facts { font-size: .92rem; overflow-wrap: anywhere; }
.facts tbody th { white-space: nowrap; }
summary { cursor: pointer; color: #555c66; }
"""


class Section(NamedTuple):
    """A part of a page.

    Attributes:
        heading: Its title, and the picture's alternative text.
        text: Paragraphs, separated by blank lines, below the picture and the table.
        image: Path of a picture, relative to the page.
        table: Rows of cells, the first of which are column headings; an empty first row leaves the headings out.
    """

    heading: str
    text: str = ''
    image: str | None = None
    table: Sequence[Sequence[str]] = ()


def page(title: str, lede: str, sections: Sequence[Section]) -> str:
    """The page's text; everything given is escaped."""
    return document(title, paragraphs(lede) + ''.join(map(_section, sections)))


def document(title: str, body: str) -> str:
    """A page with what the functions below made."""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f'<style>{CSS}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n{body}</body>\n</html>\n'
    )


def _section(section: Section) -> str:
    picture = image(section.image, section.heading) if section.image else ''
    rows = table(section.table) if section.table else ''
    return titled(section.heading, picture, rows, paragraphs(section.text))


def titled(heading: str, *parts: str) -> str:
    return f'<section>\n<h2>{escape(heading)}</h2>\n{"".join(parts)}</section>\n'


def folded(summary: str, *parts: str) -> str:
    """What is seen after a click."""
    return f'<details>\n<summary>{escape(summary)}</summary>\n{"".join(parts)}</details>\n'


def boxed(kind: str, *parts: str) -> str:
    """With the look of ``results``, ``results many`` or ``facts``."""
    return f'<div class="{escape(kind)}">\n{"".join(parts)}</div>\n'


def image(source: str, text: str) -> str:
    """A picture from a path relative to the page, or of :func:`embedded`; ``text`` stands in where it is not seen."""
    return f'<img src="{escape(source)}" alt="{escape(text)}">\n'


def embedded(png: bytes) -> str:
    """A PNG as the source of an image, so that the page is one file."""
    return f'data:image/png;base64,{base64.b64encode(png).decode()}'


def picture(path: Path, text: str) -> str:
    """A PNG in the page, which leads to its file beside the page."""
    return f'<a href="{escape(path.name)}">{image(embedded(path.read_bytes()), text)}</a>\n'


def paragraphs(text: str) -> str:
    return ''.join(f'<p>{escape(part)}</p>\n' for part in text.split('\n\n') if part)


def table(rows: Sequence[Sequence[str]], best: Set[tuple[int, int]] = frozenset()) -> str:
    """Rows as in :class:`Section`; ``best`` are row and column, from 0 without headings, of cells to mark."""
    cells = ''.join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0])
    head = f'<thead><tr>{cells}</tr></thead>\n' if rows[0] else ''
    body = ''.join(
        f'<tr><th scope="row">{escape(first)}</th>{_cells(rest, {j for i, j in best if i == number})}</tr>\n'
        for number, (first, *rest) in enumerate(rows[1:])
    )
    return f'<table>\n{head}<tbody>\n{body}</tbody>\n</table>\n'


def _cells(values: Sequence[str], best: Set[int]) -> str:
    return ''.join(
        f'<td class="best">{escape(value)}</td>' if place in best else f'<td>{escape(value)}</td>'
        for place, value in enumerate(values)
    )
