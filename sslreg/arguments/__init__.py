"""Checks of the arguments of a component by its annotations: names, types and ranges of values."""

from .check import (
    argument_errors,
    check_arguments,
    checked,
    missing_argument,
    takes_number,
    value_fault,
)
from .constraints import (
    Ascending,
    Bounds,
    Constraint,
    CountOrNever,
    Fraction,
    NonEmpty,
    NonNegative,
    NonNegativeInt,
    Positive,
    PositiveInt,
    PositiveInts,
    PositiveOrInfinite,
    Positives,
)
from .parameters import Argument, Parameters, is_foreign, parameters_of
from .texts import in_short, shortened_text, suggestion

__all__ = [
    'Argument',
    'Ascending',
    'Bounds',
    'Constraint',
    'CountOrNever',
    'Fraction',
    'NonEmpty',
    'NonNegative',
    'NonNegativeInt',
    'Parameters',
    'Positive',
    'PositiveInt',
    'PositiveInts',
    'PositiveOrInfinite',
    'Positives',
    'argument_errors',
    'check_arguments',
    'checked',
    'in_short',
    'is_foreign',
    'missing_argument',
    'parameters_of',
    'shortened_text',
    'suggestion',
    'takes_number',
    'value_fault',
]
