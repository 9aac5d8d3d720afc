"""A report as one HTML page: no scripts, nothing from the network; pictures lie beside it."""

from collections.abc import Sequence
from html import escape
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
    body = ''.join(map(_section, sections))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f'<style>{CSS}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n{_paragraphs(lede)}{body}</body>\n</html>\n'
    )


def _section(section: Section) -> str:
    image = f'<img src="{escape(section.image)}" alt="{escape(section.heading)}">\n' if section.image else ''
    table = _table(section.table) if section.table else ''
    return f'<section>\n<h2>{escape(section.heading)}</h2>\n{image}{table}{_paragraphs(section.text)}</section>\n'


def _paragraphs(text: str) -> str:
    return ''.join(f'<p>{escape(part)}</p>\n' for part in text.split('\n\n') if part)


def _table(rows: Sequence[Sequence[str]]) -> str:
    cells = ''.join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0])
    head = f'<thead><tr>{cells}</tr></thead>\n' if rows[0] else ''
    body = ''.join(
        f'<tr><th scope="row">{escape(first)}</th>' + ''.join(f'<td>{escape(cell)}</td>' for cell in rest) + '</tr>\n'
        for first, *rest in rows[1:]
    )
    return f'<table>\n{head}<tbody>\n{body}</tbody>\n</table>\n'
