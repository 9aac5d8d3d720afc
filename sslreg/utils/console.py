"""The console on which every tool shows text and tables."""

from typing import Any

from rich.console import Console


def plain_console(**options: Any) -> Console:
    """Return a console that shows text as it is: ``[b]`` and ``:ok:`` in a path or a name are no markup.

    Cells, titles and captions of tables count as text. For a style, give ``rich.text.Text(text, style=...)``.

    Args:
        **options: Options of rich's Console, e.g. ``width``.
    """
    return Console(markup=False, emoji=False, **options)


def to_text(*parts: Any, width: int = 120) -> str:
    """Return texts and tables as they look on a console, e.g. for a log.

    Args:
        *parts: As for :func:`show`.
        width: Columns of the console.
    """
    console = plain_console(width=width)
    with console.capture() as capture:
        console.print(*parts)
    return capture.get()


def show(*parts: Any) -> None:
    """Print texts and tables on stdout; write results to files first."""
    plain_console().print(*parts)
