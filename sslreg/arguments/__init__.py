"""Checks of the arguments of a component by its annotations: names, types and ranges of values."""

from .check import argument_errors, check_arguments, checked, missing_argument, takes_number
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
    Positives,
)
from .parameters import Parameters, parameters_of
from .values import suggestion

__all__ = [
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
    'Positives',
    'argument_errors',
    'check_arguments',
    'checked',
    'missing_argument',
    'parameters_of',
    'suggestion',
    'takes_number',
]
