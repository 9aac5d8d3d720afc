"""Scheduled numbers: split off a component's config, noted as its attribute ``scheduled``, and found in a model."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, Protocol

import torch
from mmengine.registry import Registry
from mmengine.utils import get_object_from_string
from torch import nn


class AnySchedule(Protocol):
    """The parts of a schedule that building needs; see :class:`sslreg.engine.Schedule`."""

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""

    def initial(self) -> float:
        """Return the value at the first step."""

    def extremes(self) -> set[float]:
        """Return the lowest and the highest value."""


class Scheduled(NamedTuple):
    """One number of a model that follows a schedule.

    Attributes:
        name: Dotted path inside the model, e.g. ``'head.teacher_temp'``.
        owner: The module whose attribute is set.
        attribute: Name of the attribute.
        schedule: The schedule.
    """

    name: str
    owner: nn.Module
    attribute: str
    schedule: AnySchedule


def is_schedule(value: Any, registry: Registry) -> bool:
    """Return whether a value of a config is the config of a schedule.

    Args:
        value: Any value.
        registry: The registry of schedules.
    """
    if not isinstance(value, Mapping) or 'type' not in value:
        return False
    kind = value['type']
    if isinstance(kind, str):
        registry.import_from_location()
        registered = registry.module_dict.get(kind.removeprefix(f'{registry.scope}.'))
        found = registered or ('.' in kind and get_object_from_string(kind))
        if not found:  # a misspelt name is a schedule too, for which the registry then raises an error
            return kind.endswith('Schedule') or bool(get_close_matches(kind, registry.module_dict, n=1, cutoff=0.9))
        kind = found
    return kind in registry.module_dict.values()


def places(value: Any, registry: Registry, path: str = '') -> Iterator[str]:
    """Yield the dotted paths of all schedules in a config.

    Args:
        value: The config or a part of it.
        registry: The registry of schedules.
        path: Path of the part.
    """
    if is_schedule(value, registry):
        yield path
    elif isinstance(value, (Mapping, list, tuple)):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for name, item in items:
            yield from places(item, registry, f'{path}.{name}'.lstrip('.'))


def split(cfg: Any, registry: Registry) -> tuple[dict[str, Any], dict[str, AnySchedule]]:
    """Return the config with numbers in place of schedules, and the schedules by argument.

    Args:
        cfg: Config of a component.
        registry: The registry of schedules.
    """
    schedules = {name: registry.build(value) for name, value in cfg.items() if is_schedule(value, registry)}
    return dict(cfg) | {name: schedule.initial() for name, schedule in schedules.items()}, schedules


def note(owner: Any, schedules: dict[str, AnySchedule]) -> None:
    """Store the schedules of a component's attributes in its attribute ``scheduled``.

    Raises:
        TypeError: The component does not keep the number as an attribute of the argument's name.
    """
    for name, schedule in schedules.items():
        value = getattr(owner, name, None)
        found = 'no such attribute' if value is None else f'a {type(value).__name__}'
        if getattr(inspect.getattr_static(type(owner), name, None), 'fset', nn.Module) is None:
            found = 'a property'
        elif isinstance(owner, nn.Module) and not isinstance(value, bool) and value == schedule.initial():
            continue
        raise TypeError(
            f'{name}={schedule}: {type(owner).__name__} cannot follow a schedule, since it must be an nn.Module that '
            f'keeps the number as its attribute {name!r} (found: {found}); give a constant, or set self.{name} = {name}'
        )
    owner.scheduled = schedules


def check_range(name: str, schedule: AnySchedule, construct: Callable[[float], Any]) -> None:
    """Construct a component with the lowest and the highest value, so that it refuses the same values as constants.

    Args:
        name: The argument, for the message.
        schedule: Its schedule.
        construct: Function of the value; its result is thrown away, and no random number is used up.

    Raises:
        ValueError: The component refuses a value.
    """
    with torch.random.fork_rng(devices=[]):
        value = schedule.initial()
        others = sorted(schedule.extremes() - {value})
        try:
            for value in others:
                construct(value)
        except (AssertionError, TypeError, ValueError) as error:
            raise ValueError(f'{name}={schedule} reaches {value:g}, which is refused: {error}') from error


def scheduled_numbers(model: nn.Module) -> Iterator[Scheduled]:
    """Yield every number of a model that follows a schedule."""
    for path, module in model.named_modules():
        for attribute, schedule in getattr(module, 'scheduled', {}).items():
            yield Scheduled(f'{path}.{attribute}'.lstrip('.'), module, attribute, schedule)


def adopt(model: nn.Module, registry: Registry) -> None:
    """Replace configs of schedules in attributes of modules by their first value, and note the schedules.

    mmpretrain's own registry builds its components without :func:`split`, so they keep such a config as an attribute.

    Args:
        model: The model; its attributes are set to the first value.
        registry: The registry of schedules.
    """
    for module in model.modules():
        found = {name: value for name, value in vars(module).items() if is_schedule(value, registry)}
        if found:
            numbers, schedules = split(found, registry)
            vars(module).update(numbers, scheduled=vars(module).get('scheduled', {}) | schedules)
