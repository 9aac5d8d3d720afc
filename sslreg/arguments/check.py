"""Checks of the arguments of a component by its signature and annotations."""

import math
from collections.abc import Callable, Container, Iterator, Mapping
from functools import wraps
from inspect import Parameter, signature
from numbers import Real
from typing import Any, ParamSpec, TypeVar

from .known_names import EXAMPLES, inferred, range_of
from .parameters import Parameters, own_parameters, parameters_of
from .remedies import meant_by
from .values import Fault, LenientRules, Rules, suggestion

P = ParamSpec('P')
R = TypeVar('R')
FOREIGN = ('mmengine', 'mmcv', 'mmpretrain', 'mmdet', 'mmseg', 'torch', 'torchvision', 'timm', 'numpy', 'builtins')
NOT_ARGUMENTS = {'type', '_scope_'}
LONGEST = 80  # characters of a value in a message
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
    component: Callable[..., Any], arguments: Mapping[str, Any], place: str = '', further: Container[str] = ()
) -> Iterator[Exception]:
    """Yield an error for each argument that a component does not take or whose value does not suit it.

    Args:
        component: A class or function.
        arguments: Its arguments by name; ``type`` is none.
        place: Dotted place of the arguments in a config, e.g. ``'model.memory'``, for the messages.
        further: Names that whoever builds the component takes out of the config.
    """
    known = parameters_of(component)
    for name, value in arguments.items():
        if name in NOT_ARGUMENTS or name in further:
            continue
        if name in known.named:
            parameter = known.named[name]
            found = value_fault(component, parameter, value)
            if found:
                yield found.kind(_sentence(component, parameter, found, place))
        elif not known.is_open:
            yield TypeError(unknown_argument(component, name, known, place))


def missing_argument(component: Callable[..., Any], given: Container[str], place: str = '') -> TypeError | None:
    """Return the error of the first argument that has no default and is not given, or None.

    Args:
        component: A class or function.
        given: Names of the arguments that it will get.
        place: Dotted place of its config, for the message.
    """
    for name in parameters_of(component).required:
        if name not in given:
            example = f'={EXAMPLES[name]!r}' if name in EXAMPLES else ''
            return TypeError(
                f'{f"{place}: " if place else ""}{component_name(component)} needs the argument {name!r}: '
                f'set {f"{place}." if place else ""}{name}{example}'
            )
    return None


def value_fault(component: Callable[..., Any], parameter: Parameter, value: Any) -> Fault | None:
    """Return the fault of the value of an argument, or None."""
    return _typed_fault(component, parameter, value) or nan_fault(value)


def _typed_fault(component: Callable[..., Any], parameter: Parameter, value: Any) -> Fault | None:
    annotation, default = parameter.annotation, parameter.default
    if value is None and default is None:
        return None
    if not is_foreign(component):
        return None if annotation is Parameter.empty else STRICT.fault(value, annotation)
    if value is default:
        return None
    found = LENIENT.fault(value, inferred(default) if annotation is Parameter.empty else annotation)
    return found or constraint_fault(parameter.name, value)


def constraint_fault(name: str, value: Any) -> Fault | None:
    """Return the fault of a number, or of numbers, by the range that arguments of this name have everywhere."""
    constraint = range_of(name)
    if constraint is None or value is None or isinstance(value, (bool, str, Mapping)):
        return None
    if isinstance(value, (list, tuple)):
        faults = (constraint_fault(name, each) for each in value)
        return next((found.below(f'[{i}]') for i, found in enumerate(faults) if found), None)
    return STRICT.fault(value, constraint) if isinstance(value, Real) else None


def takes_number(component: Callable[..., Any], parameter: Parameter) -> bool:
    """Return whether an argument of an own component is a number, so that a schedule may stand in its place."""
    if parameter.annotation in (Parameter.empty, Any) or is_foreign(component):
        return False
    faults = [STRICT.fault(number, parameter.annotation) for number in (1, 0.5)]
    is_number = any(found is None or found.kind is ValueError for found in faults)
    return is_number and STRICT.fault({}, parameter.annotation) is not None


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


def is_foreign(component: Callable[..., Any]) -> bool:
    """Return whether a component is of another package, whose annotations need not be exact."""
    return (getattr(component, '__module__', None) or '').partition('.')[0] in FOREIGN


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Check the arguments of a function, or of ``__init__``, by its annotations at each call (decorator).

    A class that is decorated so refuses the same values from Python as from a config.
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


def unknown_argument(component: Callable[..., Any], name: str, known: Parameters, place: str = '') -> str:
    """Return the sentence on an argument that a component does not have."""
    hint = suggestion(name, known.named) or f'; it takes {", ".join(known.named) or "none"}'
    return f'{f"{place}.{name}: " if place else ""}{component_name(component)} takes no argument {name!r}{hint}'


def component_name(component: Any) -> str:
    """Return the name of a class or function."""
    return str(getattr(component, '__name__', component))


def shortened(value: Any) -> str:
    """Return the repr of a value, cut to a length that fits into a sentence."""
    text = ' '.join(repr(value).split())
    return text if len(text) <= LONGEST else f'{text[: LONGEST - 3]}...'


def _sentence(component: Callable[..., Any], parameter: Parameter, found: Fault, place: str = '') -> str:
    """Return what is wrong with a value, and a value to set instead, if one is known."""
    name = f'{place}.{parameter.name}' if place else parameter.name
    start = f'{name}{found.place}={shortened(found.value)}'
    meant = [] if found.place else [*meant_by(found.value)]
    known = [*meant, parameter.default, EXAMPLES.get(parameter.name)]
    valid = next((each for each in known if _is_example(component, parameter, each)), None)
    end = '' if valid is None else f'; set {name}={valid!r}' if place else f', e.g. {name}={valid!r}'
    if place:
        return f'{start} must be {found.wanted} (an argument of {component_name(component)}){end}'
    return f'{component_name(component)}: {start} must be {found.wanted}{end}'


def _is_example(component: Callable[..., Any], parameter: Parameter, value: Any) -> bool:
    return value not in (None, Parameter.empty) and not value_fault(component, parameter, value)
