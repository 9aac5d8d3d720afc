"""Comparison of a value with an annotation."""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from numbers import Integral, Real
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import numpy as np
from torch import Tensor

from .constraints import Bounds, Constraint
from .texts import suggestion

SEQUENCES = (list, tuple, Sequence, Collection, Iterable, AbstractSet, set, frozenset)
PLAIN = (str, bytes, bool, Real, list, tuple, set)
NOUNS: dict[Any, str] = {
    bool: 'True or False',
    int: 'an int',
    float: 'a finite number',
    str: 'a string',
    NoneType: 'None',
    Path: 'a path',
    Callable: 'a function',
}
ADJECTIVES = ('positive', 'non-empty')
ARTICLE = re.compile(r'^an? ')
PLURAL = re.compile(r'^an? (.*?)\b(int|number|string|dict|path|list)\b')


class Fault(NamedTuple):
    """A value that does not suit its annotation.

    Attributes:
        place: Place of the value inside the argument, e.g. ``'[0]'``; empty for the argument itself.
        value: The value.
        wanted: What it must be, e.g. ``'a positive number'``.
        kind: TypeError or ValueError.
    """

    place: str
    value: Any
    wanted: str
    kind: type[Exception]

    def below(self, place: str) -> 'Fault':
        """Return the fault as that of the list or dict in which the value stands at ``place``."""
        return self._replace(place=place + self.place)


class Rules:
    """Strict rules: no bool or string for a number, no float for an int, no NaN; infinity only by ``Bounds``.

    A list and a tuple stand for each other, since configs that were dumped have either. The config of a component
    stands for the component, and the reverse.
    """

    def fault(self, value: Any, annotation: Any) -> Fault | None:
        """Return the fault of a value, or None if it suits the annotation."""
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._of_annotated(value, annotation)
        if origin in (Union, UnionType):
            return self._of_union(value, annotation)
        if origin is Literal:
            return None if any(value is each or value == each for each in args) else _not_one_of(value, args)
        if isinstance(origin or annotation, type):
            return self._of_class(value, annotation, origin or annotation, args)
        return None

    def _of_annotated(self, value: Any, annotation: Any) -> Fault | None:
        kind, *extra = get_args(annotation)
        constraints = [each for each in extra if isinstance(each, Constraint)]
        found = self._of_number(value, kind) if kind in (int, float) else self.fault(value, kind)
        if found:
            return found if found.place else found._replace(wanted=in_words(annotation))
        return _unmet(value, constraints)

    def _of_class(self, value: Any, annotation: Any, kind: type, args: tuple[Any, ...]) -> Fault | None:
        if kind in (int, float):
            return self._of_number_alone(value, kind)
        if kind in SEQUENCES:
            return self._of_sequence(value, annotation, kind, args)
        if issubclass(kind, Mapping):
            return self._of_mapping(value, annotation, args)
        return None if self.is_instance(value, kind) else mismatch(value, annotation)

    def is_instance(self, value: Any, kind: type) -> bool:
        """Return whether a value is an object of a class, or the config of one."""
        if kind is bool:
            return isinstance(value, (bool, np.bool_))
        if kind in (str, Path, NoneType):
            return isinstance(value, kind) or (kind is Path and isinstance(value, str))
        if kind in (Callable, type):
            return callable(value) or isinstance(value, (str, Mapping))
        try:
            return isinstance(value, kind) or (isinstance(value, Mapping) and 'type' in value)
        except TypeError:  # a protocol that is not for checks while running
            return True

    def _of_number(self, value: Any, kind: type) -> Fault | None:
        if isinstance(value, (bool, np.bool_)) or not self.is_number(value, kind):
            return mismatch(value, kind)
        return None

    def _of_number_alone(self, value: Any, kind: type) -> Fault | None:
        return self._of_number(value, kind) or _unmet(value, [Bounds()])

    def is_number(self, value: Any, kind: type) -> bool:
        """Return whether a value is a number of a kind."""
        return isinstance(value, Integral if kind is int else Real)

    def _of_sequence(self, value: Any, annotation: Any, kind: type, args: tuple[Any, ...]) -> Fault | None:
        is_fixed = kind is tuple and bool(args) and args[-1] is not Ellipsis
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, (Iterable, np.ndarray)):
            return mismatch(value, annotation)
        if not isinstance(value, Sequence):
            return None
        if is_fixed and not self.is_length(value, args):
            return mismatch(value, annotation)
        kinds = args if is_fixed else args[:1] * len(value)
        for i, (item, each) in enumerate(zip(value, kinds, strict=False)):
            if found := self.fault(item, each):
                return found.below(f'[{i}]')
        return None

    def is_length(self, value: Sequence[Any], args: tuple[Any, ...]) -> bool:
        """Return whether a sequence is as long as the annotation of a tuple."""
        return len(value) == len(args if args != ((),) else ())

    def _of_mapping(self, value: Any, annotation: Any, args: tuple[Any, ...]) -> Fault | None:
        if not isinstance(value, Mapping):
            return mismatch(value, annotation) if value is None or isinstance(value, PLAIN) else None
        for key, item in value.items() if len(args) == 2 else ():
            if found := self.fault(item, args[1]):
                return found.below(f'.{key}')
        return None

    def _of_union(self, value: Any, annotation: Any) -> Fault | None:
        faults = [self.fault(value, each) for each in get_args(annotation)]
        if None in faults:
            return None
        close = [found for found in faults if found and (found.place or found.kind is ValueError)]
        return close[0] if len(close) == 1 else mismatch(value, annotation)


class LenientRules(Rules):
    """Rules for classes of other packages, whose annotations are often too narrow.

    A float stands for an int, one value for several and the reverse, and any object for that of a class.
    """

    def is_instance(self, value: Any, kind: type) -> bool:
        """Return whether a value may stand for an object of a class."""
        if kind is bool:
            return isinstance(value, (bool, np.bool_, Mapping, list, tuple, NoneType)) or value in (0, 1)
        if kind is str:
            return not isinstance(value, (bool, Real))
        if kind is Tensor:
            return not isinstance(value, (bool, str))
        return kind is not NoneType or value is None

    def _of_number_alone(self, value: Any, kind: type) -> Fault | None:
        if isinstance(value, (list, tuple, Mapping, np.ndarray, np.generic)):
            return None
        return mismatch(value, kind) if isinstance(value, bool) or not isinstance(value, Real) else None

    def _of_mapping(self, value: Any, annotation: Any, args: tuple[Any, ...]) -> Fault | None:
        return mismatch(value, annotation) if isinstance(value, (bool, Real, str)) else None

    def is_length(self, value: Sequence[Any], args: tuple[Any, ...]) -> bool:
        """Return True: tuples of another length are frequent."""
        return True


def in_words(annotation: Any) -> str:
    """Return an annotation in words, e.g. ``'a number from 0 to 1 or None'``."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        conditions = [str(each) for each in args[1:] if isinstance(each, Constraint)]
        return _with_conditions(in_words(args[0]).replace('finite ', ''), conditions)
    if origin in (Union, UnionType):
        return ' or '.join(in_words(each) for each in args)
    if origin is Literal:
        return f'one of {", ".join(map(repr, args))}'
    return _list_of(origin or annotation, args) if (origin or annotation) in SEQUENCES else _noun(origin or annotation)


def mismatch(value: Any, annotation: Any) -> Fault:
    """Return the fault of a value of a wrong type."""
    return Fault('', value, in_words(annotation), TypeError)


def _noun(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return 'a dict'
    return NOUNS.get(kind) or f'a {getattr(kind, "__name__", kind)}'


def _list_of(kind: Any, args: tuple[Any, ...]) -> str:
    if not args or args == ((),):
        return 'a list'
    if kind is tuple and args[-1] is not Ellipsis:
        return f'{len(args)} values ({", ".join(in_words(each) for each in args)})'
    return 'a list of ' + PLURAL.sub(r'\1\2s', in_words(args[0]))


def _with_conditions(noun: str, conditions: list[str]) -> str:
    for condition in conditions:
        if condition in ADJECTIVES:
            noun = ARTICLE.sub(f'a {condition} ', noun)
        else:
            noun += f' of {condition}' if condition.startswith('at ') else f' {condition}'
    return noun


def _unmet(value: Any, constraints: list[Constraint]) -> Fault | None:
    for each in constraints:
        if not each.accepts(value):
            is_infinite = isinstance(value, Real) and math.isinf(value) and each != Bounds()
            return Fault('', value, f'{each} and finite' if is_infinite else str(each), ValueError)
    return None


def _not_one_of(value: Any, known: tuple[Any, ...]) -> Fault:
    hint = suggestion(value, [each for each in known if isinstance(each, str)]) if isinstance(value, str) else ''
    return Fault('', value, f'one of {", ".join(map(repr, known))}{hint}', ValueError)
