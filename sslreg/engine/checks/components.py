"""Arguments of all components of a config, checked before any of them is built."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook

from sslreg.arguments import (
    argument_errors,
    in_short,
    is_foreign,
    missing_argument,
    parameters_of,
    suggestion,
    value_fault,
)
from sslreg.registry import OPTIM_WRAPPER_CONSTRUCTORS, SCHEDULES, find, type_name, unknown_type
from sslreg.scheduled import is_schedule

from .fixed_forms import RuntimeSettings
from .roles import GROUPS, TOP, Role, role_of, role_of_loop

SCHEDULE = Role((SCHEDULES,))


def check_components(cfg: Config) -> None:
    """Raise the first error of :func:`component_errors`."""
    for error in component_errors(cfg):
        raise error


def component_errors(cfg: Config) -> Iterator[Exception]:
    """Yield an error for each component that does not exist and each argument that does not suit its component.

    Args:
        cfg: The config. Nothing of it is built, but for schedules, whose extreme values are checked too.
    """
    settings = {each.name: cfg[each.name] for each in fields(RuntimeSettings) if each.name in cfg}
    yield from argument_errors(RuntimeSettings, settings, place='')
    yield from _hook_list_errors(cfg.get('custom_hooks'))
    for key, role in TOP.items():
        part = cfg.get(key)
        if key in GROUPS and isinstance(part, Mapping):
            for name, each in part.items():
                yield from part_errors(each, f'{key}.{name}', role)
        else:
            yield from part_errors(part, key, role)
    yield from _constructor_errors(cfg)


def _hook_list_errors(hooks: Any) -> Iterator[Exception]:
    """Yield the errors of what is no config of a hook in ``custom_hooks``."""
    if hooks is not None and not isinstance(hooks, (list, tuple)):
        yield TypeError('custom_hooks must be a list: set custom_hooks=[dict(type=...), ...]')
        return
    for i, hook in enumerate(hooks or ()):
        if not isinstance(hook, (Mapping, Hook)):
            yield TypeError(f'custom_hooks.{i}={in_short(hook)} must be dict(type=...) with the class of a hook')


def part_errors(part: Any, place: str, role: Role) -> Iterator[Exception]:
    """Yield the errors of a part of a config.

    Args:
        part: The config of a component, several of them, or a value that holds some.
        place: Its dotted place.
        role: Its role.
    """
    if isinstance(part, (list, tuple)):
        for i, each in enumerate(part):
            yield from part_errors(each, f'{place}.{i}', role)
    elif is_schedule(part, SCHEDULES) and role is not SCHEDULE:
        yield TypeError(f'{place} is a schedule, but only a number of its own can follow one: give a constant')
    elif isinstance(part, Mapping) and role.kinds and part.get('type', role.kinds[0]) not in role.kinds:
        hint = suggestion(str(part['type']), role.kinds)
        yield ValueError(f'{place}.type={part["type"]!r} must be one of {", ".join(map(repr, role.kinds))}{hint}')
    elif isinstance(part, Mapping):
        yield from _errors(part, place, role_of_loop(part, role) if place == 'train_cfg' else role)
    elif (
        role.is_complete
        and isinstance(part, (bool, int, float, str))
        and not (role.takes_name and isinstance(part, str))
    ):
        yield TypeError(f'{place}={part!r} must be the config of a component: set {place}=dict(type=...)')


def misspelt_type(part: Mapping[str, Any], component: Any) -> str | None:
    """Return the key of a config that is most likely its ``type``, or None."""
    taken = parameters_of(component).named if callable(component) else {}
    return next((key for key in get_close_matches('type', map(str, part), cutoff=0.7) if key not in taken), None)


def _errors(part: Mapping[str, Any], place: str, role: Role) -> Iterator[Exception]:
    kind = None if 'type' in role.further else part.get('type')
    component = role.default if kind is None else find(kind, role.registries)
    if 'type' not in part and (typo := misspelt_type(part, component)):
        yield KeyError(f'{place}.{typo}: did you mean {place}.type?')
    if component is None and role.is_certain:
        yield KeyError(
            f'{place} has no type: set {place}.type to the class or name of a component'
            if kind is None
            else f'{place}.type: {unknown_type(kind, role.registries[0])}'
        )
    for key, value in part.items():
        if isinstance(value, (Mapping, list, tuple)) and not is_schedule(value, SCHEDULES) and key not in role.further:
            yield from part_errors(value, f'{place}.{key}', role_of(key, role, component, value))
    if callable(component):
        yield from _argument_errors(component, part, place, role)


def _argument_errors(component: Any, part: Mapping[str, Any], place: str, role: Role) -> Iterator[Exception]:
    schedules = {name: value for name, value in part.items() if is_schedule(value, SCHEDULES)}
    constants = {name: value for name, value in part.items() if name not in schedules}
    further = (*role.further, *(() if role.is_certain else part.keys() - parameters_of(component).named))
    yield from argument_errors(component, constants, place, further)
    for name, schedule in schedules.items():
        yield from _schedule_errors(component, name, schedule, f'{place}.{name}')
    if role.is_complete and (missing := missing_argument(component, [*part, *role.supplied], place)):
        yield missing
    for name in role.needed:
        if name not in part:
            yield KeyError(f'{place} has no {name}: set {place}.{name}=dict(type=...)')


def _schedule_errors(component: Any, name: str, schedule: Mapping[str, Any], place: str) -> Iterator[Exception]:
    """Yield the errors of a schedule that stands in place of an argument."""
    parameter = parameters_of(component).named.get(name)
    errors = [*part_errors(schedule, place, SCHEDULE)]
    yield from errors
    if errors or parameter is None or (not value_fault(parameter, {}) and not is_foreign(component)):
        return  # an argument that does not exist is found elsewhere, one that is a dict may be the schedule itself
    try:
        values = sorted(SCHEDULES.build(schedule).extremes())
    except (TypeError, ValueError) as error:
        yield type(error)(f'{place}: {error}')
        return
    for value in values:
        if found := value_fault(parameter, value):
            yield found.kind(
                f'{place} is a {type_name(schedule["type"])} that reaches {value:g}, but {name} of '
                f'{type_name(component)} must be {found.wanted}: change the schedule, or give a constant'
            )
            return


def _constructor_errors(cfg: Config) -> Iterator[Exception]:
    """Yield the errors of ``optim_wrapper.constructor``."""
    wrapper = cfg.get('optim_wrapper')
    kind = wrapper.get('constructor') if isinstance(wrapper, Mapping) else None
    if kind is None:
        return
    constructor = find(kind, (OPTIM_WRAPPER_CONSTRUCTORS,))
    if constructor is None:
        yield KeyError(f'optim_wrapper.constructor: {unknown_type(kind, OPTIM_WRAPPER_CONSTRUCTORS)}')
    optimizer = wrapper.get('optimizer')
    scheduled = [key for key, value in (optimizer or {}).items() if is_schedule(value, SCHEDULES)]
    if constructor is not None and is_foreign(constructor) and scheduled:
        yield TypeError(
            f'optim_wrapper.constructor={type_name(kind)} of {constructor.__module__} takes no schedule, but '
            f'optim_wrapper.optimizer.{scheduled[0]} is one: leave the constructor out, or give a constant'
        )
