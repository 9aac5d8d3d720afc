"""A table of what a conversion did to each tensor."""

import re
from collections.abc import Iterable

from rich.table import Table

from .convert import Conversion


def report(conversion: Conversion, title: str) -> Table:
    """Return a table with one line for equal tensors of all blocks, and one for each changed or missing tensor."""
    table = Table('in the file', 'converted', 'tensors', '', title=title)
    plain = [pair for pair in conversion.matched.items() if pair[1] not in conversion.notes]
    for (old, new), count in _counted((_starred(old), _starred(new)) for old, new in plain).items():
        table.add_row(old, new, str(count))
    for old, new in conversion.matched.items():
        if new in conversion.notes:
            table.add_row(old, new, '1', conversion.notes[new])
    for name in conversion.unmatched:
        table.add_row(name, '-', '1', 'not in the network')
    for name in conversion.missing:
        table.add_row('-', name, '1', conversion.notes.get(name, 'as initialised'))
    for (name,), count in _counted((_starred(name),) for name in conversion.left_out).items():
        table.add_row(name, '-', str(count), 'not of the backbone')
    return table


def _starred(name: str) -> str:
    """Replace numbers of blocks by ``*``."""
    return re.sub(r'(?<=\.)\d+(?=\.)', '*', name)


def _counted(rows: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    """Count equal rows."""
    counts: dict[tuple[str, ...], int] = {}
    for row in rows:
        counts[row] = counts.get(row, 0) + 1
    return counts
