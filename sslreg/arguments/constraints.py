"""Annotations that carry the range of an argument, e.g. ``temperature: Positive`` or ``length: PositiveInt``.

They are ``typing.Annotated``, so type checkers and readers see ``float`` and ``int``. Combine them as usual:
``PositiveInt | None``, ``Sequence[Positive]``, ``Annotated[Sequence[PositiveInt], NonEmpty()]``.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any


class Constraint(ABC):
    """Condition on a value of the right type; its ``str`` stands after "must be", e.g. ``'at least 1'``."""

    @abstractmethod
    def accepts(self, value: Any) -> bool:
        """Return whether a value meets the condition."""


@dataclass(frozen=True)
class Bounds(Constraint):
    """Range of a number. NaN is in no range, an infinite number only in one with ``infinite``.

    Attributes:
        least: Smallest value.
        most: Largest value.
        above: Value that the number must exceed.
        below: Value that the number must stay below.
        infinite: Whether an infinite number is allowed.
    """

    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    infinite: bool = False

    def accepts(self, value: Any) -> bool:
        """Return whether a number is in the range."""
        if math.isnan(value) or (math.isinf(value) and not self.infinite):
            return False
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        """Return e.g. ``'at least 1'``, ``'positive'`` or ``'between 0 and 1'``."""
        if self in (Bounds(above=0), Bounds(above=0, infinite=True)):
            return 'positive'
        if self.least is not None and self.most is not None:
            return f'between {self.least:g} and {self.most:g}'
        named = {'at least': self.least, 'above': self.above, 'at most': self.most, 'below': self.below}
        parts = [f'{name} {limit:g}' for name, limit in named.items() if limit is not None]
        return ' and '.join(parts) or 'a finite number'


@dataclass(frozen=True)
class NonEmpty(Constraint):
    """At least one element."""

    def accepts(self, value: Any) -> bool:
        """Return whether a collection has an element."""
        return len(value) > 0

    def __str__(self) -> str:
        """Return ``'non-empty'``."""
        return 'non-empty'


@dataclass(frozen=True)
class Ascending(Constraint):
    """Numbers in order, such as the smallest and the largest scale of a crop."""

    def accepts(self, value: Any) -> bool:
        """Return whether no number is larger than the next."""
        return all(low <= high for low, high in pairwise(value))

    def __str__(self) -> str:
        """Return ``'in ascending order'``."""
        return 'in ascending order'


@dataclass(frozen=True)
class CountOrNever(Constraint):
    """A count, or -1 for "never", as the intervals of MMEngine's hooks."""

    def accepts(self, value: Any) -> bool:
        """Return whether a number is a count or -1."""
        return bool(value >= 1 or value == -1)

    def __str__(self) -> str:
        """Return the condition."""
        return 'at least 1, or -1 for never'


Positive = Annotated[float, Bounds(above=0)]
NonNegative = Annotated[float, Bounds(least=0)]
Fraction = Annotated[float, Bounds(least=0, most=1)]
PositiveOrInfinite = Annotated[float, Bounds(above=0, infinite=True)]
PositiveInt = Annotated[int, Bounds(least=1)]
NonNegativeInt = Annotated[int, Bounds(least=0)]
PositiveInts = Annotated[Sequence[PositiveInt], NonEmpty()]
Positives = Annotated[Sequence[Positive], NonEmpty()]
