"""Checks of the arguments of a component by its signature and annotations."""

import math
from collections.abc import Callable, Container, Iterator, Mapping
from functools import wraps
from inspect import signature
from numbers import Real
from typing import Any, ParamSpec, TypeVar

from .known_names import EXAMPLES, TEXTS, inferred, range_of
from .parameters import NOTHING, Argument, Parameters, component_name, own_parameters, parameters_of
from .remedies import meant_by
from .texts import LONGEST, in_short, suggestion
from .values import Fault, LenientRules, Rules

P = ParamSpec('P')
R = TypeVar('R')
NOT_ARGUMENTS = {'type', '_scope_'}
STRICT, LENIENT = Rules(), LenientRules()


def check_arguments(component: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Raise the first error of :func:`argument_errors`, if there is one.

    Raises:
        TypeError: An argument does not exist, or its value has a wrong type.
        ValueError: A value is out of its range.
    """
    for error in argument_errors(component, arguments):
        raise error


def argument_errors(
    component: Callable[..., Any],
    arguments: Mapping[str, Any],
    place: str | None = None,
    further: Container[str] = (),
) -> Iterator[Exception]:
    """Yield an error for each argument that a component does not take or whose value does not suit it.

    Args:
        component: A class or function.
        arguments: Its arguments by name; a key ``type`` is ignored.
        place: Dotted place of the arguments in a config, e.g. ``'model.memory'``, for the messages; None in Python.
        further: Further names that are allowed, because the builder of the component reads them itself.
    """
    known = parameters_of(component)
    for name, value in arguments.items():
        if name in NOT_ARGUMENTS or name in further:
            continue
        if name in known.named:
            if found := value_fault(known.named[name], value):
                yield found.kind(_sentence(component, known.named[name], found, place))
        elif not known.is_open:
            yield TypeError(_unknown(component, name, known, place))


def missing_argument(
    component: Callable[..., Any], given: Container[str], place: str | None = None
) -> TypeError | None:
    """Return the error of the first argument that has no default and is not given, or None.

    Args:
        component: A class or function.
        given: Names of the arguments that it will get.
        place: Dotted place of its config, for the message; None for a call from Python.
    """
    for name in parameters_of(component).required:
        if name not in given:
            example = f'={EXAMPLES[name]!r}' if name in EXAMPLES else ''
            start = '' if place is None else f'{place}: '
            return TypeError(
                f'{start}{component_name(component)} needs the argument {name!r}: set {_dotted(place, name)}{example}'
            )
    return None


def value_fault(argument: Argument, value: Any) -> Fault | None:
    """Return the fault of the value of an argument, or None."""
    return _typed_fault(argument, value) or nan_fault(value)


def _typed_fault(argument: Argument, value: Any) -> Fault | None:
    if value is None and argument.default is None:
        return None
    if not argument.is_foreign:
        return None if argument.annotation is NOTHING else STRICT.fault(value, argument.annotation)
    if value is argument.default or (isinstance(value, str) and value in TEXTS.get(argument.name, ())):
        return None
    annotation = inferred(argument) if argument.annotation is NOTHING else argument.annotation
    return LENIENT.fault(value, annotation) or constraint_fault(argument.name, value)


def constraint_fault(name: str, value: Any) -> Fault | None:
    """Return the fault of a number, or of a list of numbers, by the range that belongs to the argument's name."""
    constraint = range_of(name)
    if constraint is None or value is None or isinstance(value, (bool, str, Mapping)):
        return None
    if isinstance(value, (list, tuple)):
        faults = (constraint_fault(name, each) for each in value)
        return next((found.below(f'[{i}]') for i, found in enumerate(faults) if found), None)
    return STRICT.fault(value, constraint) if isinstance(value, Real) else None


def takes_number(argument: Argument) -> bool:
    """Return whether an argument of one of sslreg's components is a number, which a schedule may replace."""
    if argument.annotation in (NOTHING, Any) or argument.is_foreign:
        return False
    faults = [STRICT.fault(number, argument.annotation) for number in (1, 0.5)]
    is_number = any(found is None or found.kind is ValueError for found in faults)
    return is_number and STRICT.fault({}, argument.annotation) is not None


def nan_fault(value: Any) -> Fault | None:
    """Return the fault of the first NaN in a value; parts with a ``type`` are components of their own."""
    if isinstance(value, float) and math.isnan(value):
        return Fault('', value, 'a number', ValueError)
    if isinstance(value, (list, tuple)):
        parts = [(f'[{i}]', each) for i, each in enumerate(value)]
    elif isinstance(value, Mapping) and 'type' not in value:
        parts = [(f'.{name}', each) for name, each in value.items()]
    else:
        return None
    return next((found.below(place) for place, each in parts if (found := nan_fault(each))), None)


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Check the arguments of a function, or of ``__init__``, by its annotations at each call (decorator).

    A decorated class refuses the same values from Python as from a config.
    """
    bind = signature(function).bind

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        given = dict(bind(*args, **kwargs).arguments)
        component = type(given['self']) if 'self' in given else function
        parameters = own_parameters(function)
        for name in given.keys() & parameters.keys():
            if found := STRICT.fault(given[name], parameters[name].annotation):
                raise found.kind(_sentence(component, parameters[name], found))
        return function(*args, **kwargs)

    return call


def _unknown(component: Callable[..., Any], name: str, known: Parameters, place: str | None) -> str:
    """Return the sentence on an argument that a component does not have."""
    hint = suggestion(name, known.named) or f'; it takes {", ".join(known.named) or "none"}'
    start = '' if place is None else f'{_dotted(place, name)}: '
    return f'{start}{component_name(component)} takes no argument {name!r}{hint}'


def _sentence(component: Callable[..., Any], argument: Argument, found: Fault, place: str | None = None) -> str:
    """Return what is wrong with a value, and a value to set instead, if one is known."""
    name = _dotted(place, argument.name)
    start = f'{name}{found.place}={in_short(found.value)}'
    meant = [] if found.place else [*meant_by(found.value)]
    known = [*meant, argument.default, EXAMPLES.get(argument.name)]
    valid = next((each for each in known if _is_example(argument, each)), None)
    if place is None:
        end = '' if valid is None else f', e.g. {name}={valid!r}'
        return f'{component_name(component)}: {start} must be {found.wanted}{end}'
    end = '' if valid is None else f'; set {name}={valid!r}'
    return f'{start} must be {found.wanted} (an argument of {component_name(component)}){end}'


def _dotted(place: str | None, name: str) -> str:
    return f'{place}.{name}' if place else name


def _is_example(argument: Argument, value: Any) -> bool:
    is_given = value is not None and value is not NOTHING
    return is_given and len(repr(value)) < LONGEST and not value_fault(argument, value)
