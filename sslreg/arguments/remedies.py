"""Valid values that resemble a refused one, for the remedy in an error."""

import re
from collections.abc import Iterator
from typing import Any

MULTIPLES = {'': 1, 'k': 1000, 'K': 1000, 'M': 1_000_000}
NUMBER = re.compile(r'\s*([-+]?[\d_.]+(?:e[-+]?\d+)?)([kKM]?)\s*')


def meant_by(value: Any) -> Iterator[Any]:
    """Yield what may have been meant by ``'2k'``, ``'0.1'``, ``3.0``, ``-5`` or ``10`` instead of a list."""
    if isinstance(value, str) and (match := NUMBER.fullmatch(value)):
        try:
            number = float(match[1]) * MULTIPLES[match[2]]
        except ValueError:
            return
        yield int(number) if number.is_integer() else number
    elif isinstance(value, str) and value.lower() in ('true', 'yes', 'on', 'false', 'no', 'off'):
        yield value.lower() in ('true', 'yes', 'on')
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        number = int(value) if float(value).is_integer() else value
        yield number
        yield (number,)
    elif isinstance(value, (list, tuple)) and len(value) == 1:
        yield value[0]
