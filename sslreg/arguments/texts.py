"""Texts for error messages: shortened values, and names that were probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

LONGEST = 80  # characters of a value in a message


def shortened_text(text: str, length: int = LONGEST) -> str:
    """Return a text without line breaks, cut after a number of characters."""
    text = ' '.join(text.split())
    return text if len(text) <= length else f'{text[: length - 3]}...'


def in_short(value: Any) -> str:
    """Return the repr of a value, cut to a length that fits into a sentence."""
    return shortened_text(repr(value))


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return ``"; did you mean 'teacher_temp'?"`` for the most similar of the names, or an empty text."""
    close = get_close_matches(name, list(names), n=1)
    return f'; did you mean {close[0]!r}?' if close else ''
