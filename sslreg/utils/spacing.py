"""Choice of a few items from many."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar('T')


def evenly_spaced(items: Sequence[T], count: int) -> list[T]:
    """Choose at most ``count`` of the items, evenly spaced from the first to the last."""
    places = np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int)
    return [items[place] for place in places]
