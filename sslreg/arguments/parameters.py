"""Parameters of a component: those of its signature and those that its ``**kwargs`` stand for."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from inspect import Parameter
from typing import Any, NamedTuple, get_type_hints

from torch import nn

# Further arguments of classes of other packages whose **kwargs go to something else than a parent class.
FURTHER: dict[str, tuple[str, ...]] = {
    'mmengine.hooks.checkpoint_hook.CheckpointHook': (),  # to Runner.save_checkpoint, which gets all from it
}
FOREIGN = ('mmengine', 'mmcv', 'mmpretrain', 'mmdet', 'mmseg', 'torch', 'torchvision', 'timm', 'numpy', 'builtins')
NOTHING: Any = Parameter.empty


class Argument(NamedTuple):
    """An argument of a component.

    Attributes:
        name: Its name.
        annotation: Its annotation, resolved, or ``NOTHING``.
        default: Its default, or ``NOTHING``.
        is_foreign: Whether a class of another package declares it, whose annotations need not be exact.
    """

    name: str
    annotation: Any = NOTHING
    default: Any = NOTHING
    is_foreign: bool = False


@dataclass(frozen=True)
class Parameters:
    """Arguments that a component takes by name.

    Attributes:
        named: Arguments by name.
        required: Names of the component's own arguments without a default.
        is_open: Whether the component takes any further name, so that misspelt names cannot be found.
    """

    named: dict[str, Argument]
    required: tuple[str, ...] = ()
    is_open: bool = False


@cache
def parameters_of(component: Callable[..., Any]) -> Parameters:
    """Return the parameters of a class or function, with those of the parents to which it hands its ``**kwargs``."""
    named: dict[str, Argument] = {}
    required: tuple[str, ...] | None = None
    for name, function in _functions(component):
        own, swallows = _own(function)
        named = own | named
        if required is None:
            required = tuple(each.name for each in own.values() if each.default is NOTHING)
        if not swallows:
            break
        read, goes_up = _use_of_kwargs(function)
        further = FURTHER.get(name)
        for each in (*read, *(further or ())):
            named.setdefault(each, Argument(each, default=None, is_foreign=True))
        if not goes_up:
            return Parameters(named, required, is_open=further is None)
    return Parameters(named, required or ())  # neither object nor nn.Module takes an argument


def _functions(component: Callable[..., Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield a function, or a class's ``__init__`` and those of its parents, each with the name of its class."""
    if not inspect.isclass(component):
        yield component_name(component), component
        return
    for kind in component.__mro__:
        if '__init__' in vars(kind) and kind not in (object, nn.Module):
            yield f'{kind.__module__}.{kind.__qualname__}', vars(kind)['__init__']


@cache
def own_parameters(function: Callable[..., Any]) -> dict[str, Argument]:
    """Return the arguments that a function declares, without ``self``, ``*args`` and ``**kwargs``."""
    return _own(function)[0]


def is_foreign(component: Any) -> bool:
    """Return whether a component is of another package."""
    return (getattr(component, '__module__', None) or '').partition('.')[0] in FOREIGN


def component_name(component: Any) -> str:
    """Return the name of a class or function, or the key of a config that a dataclass describes."""
    return str(getattr(component, 'config_key', None) or getattr(component, '__name__', component))


def _own(function: Callable[..., Any]) -> tuple[dict[str, Argument], bool]:
    """Return the arguments that a function declares, and whether it takes any ``**kwargs``."""
    parameters = dict(inspect.signature(function).parameters)
    parameters.pop('self', None)
    hints = _hints(function)
    named = {
        name: Argument(name, hints.get(name, NOTHING), each.default, is_foreign(function))
        for name, each in parameters.items()
        if each.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    }
    return named, any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values())


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except Exception:  # an annotation of another package that cannot be resolved says nothing
        return {}


def _use_of_kwargs(function: Callable[..., Any]) -> tuple[set[str], bool]:
    """Return the names that a function reads from its ``**kwargs``, and whether only a parent class gets the rest."""
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        return set(), False
    if not isinstance(tree, ast.FunctionDef) or tree.args.kwarg is None:
        return set(), False
    name = tree.args.kwarg.arg
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    handed = [call for call in calls if any(_is_splat(each, name) for each in call.keywords) and not _is_dict(call)]
    return _read(tree, name), bool(handed) and all(_is_of_parent(call) for call in handed)


def _is_splat(keyword: ast.keyword, name: str) -> bool:
    return keyword.arg is None and isinstance(keyword.value, ast.Name) and keyword.value.id == name


def _is_of_parent(call: ast.Call) -> bool:
    """Return whether a call is ``super().__init__(...)``, or ``super(Class, self).__init__(...)``."""
    match call.func:
        case ast.Attribute(value=ast.Call(func=ast.Name(id='super')), attr='__init__'):
            return True
    return False


def _is_dict(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == 'dict'


def _read(tree: ast.AST, name: str) -> set[str]:
    """Return the constant keys that are read from a dict: ``kwargs.pop('x')``, ``kwargs['x']``, ``'x' in kwargs``."""
    found: list[Any] = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr='pop' | 'get'), args=[key, *_]):
                found += [key] * (owner == name)
            case ast.Subscript(value=ast.Name(id=owner), slice=key):
                found += [key] * (owner == name)
            case ast.Compare(left=key, comparators=[ast.Name(id=owner)]):
                found += [key] * (owner == name)
    return {key.value for key in found if isinstance(key, ast.Constant) and isinstance(key.value, str)}
