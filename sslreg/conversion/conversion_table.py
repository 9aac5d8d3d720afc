"""Table of the tensors of a conversion."""

import re
from collections.abc import Iterable

from rich.table import Table

from .tensors import Conversion


def conversion_table(conversion: Conversion, title: str) -> Table:
    """Return a table with one row per tensor that was changed, and one per group of unchanged tensors.

    Tensors are in one group if their names differ in numbers only.

    Args:
        conversion: The conversion.
        title: Title of the table.
    """
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
    return re.sub(r'(?<=\.)\d+(?=\.)', '*', name)


def _counted(rows: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    counts: dict[tuple[str, ...], int] = {}
    for row in rows:
        counts[row] = counts.get(row, 0) + 1
    return counts
