"""Schedules in the config of an optimizer, taken out before MMEngine's constructors build it."""

from collections.abc import Callable
from inspect import signature
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from sslreg.registry import OPTIMIZERS, SCHEDULES
from sslreg.scheduled import check_range, scheduled_numbers, split


class OptimizerSchedules:
    """Schedules that stand in an optimizer's config, e.g. ``lr=dict(type=CosineSchedule, ...)``.

    The optimizer is constructed with the largest value of a schedule, so that every parameter group, with any
    ``lr_mult``, has a ratio to it; ``ScheduledValuesHook`` keeps these ratios.

    Args:
        optim_wrapper_cfg: Config of the wrapper with its ``optimizer``.

    Attributes:
        wrapper_cfg: The config with numbers in place of schedules.

    Raises:
        KeyError: The optimizer has no such hyper-parameter.
        ValueError: The optimizer refuses a value that the schedule reaches.
    """

    def __init__(self, optim_wrapper_cfg: dict[str, Any]) -> None:
        optimizer, self.schedules = split(optim_wrapper_cfg['optimizer'], SCHEDULES)
        _check_params(optimizer, self.schedules)
        _check_ranges(optimizer, self.schedules)
        optimizer |= {param: max(schedule.extremes(), key=abs) for param, schedule in self.schedules.items()}
        self.wrapper_cfg = dict(optim_wrapper_cfg, optimizer=optimizer)

    def attach(self, wrapper: OptimWrapper, model: nn.Module) -> OptimWrapper:
        """Note the schedules at a wrapper's optimizer, which then refuses to step unless they are followed.

        Args:
            wrapper: The wrapper.
            model: The model, whose own schedules must be followed as well.
        """
        optimizer: Any = wrapper.optimizer
        optimizer.schedules = self.schedules
        optimizer.schedules_are_followed = False

        def check(*_: Any) -> None:
            if not optimizer.schedules_are_followed:
                _refuse_unfollowed(model, self.schedules)
                optimizer.schedules_are_followed = True  # there are none

        optimizer.register_step_pre_hook(check)
        optimizer.register_load_state_dict_pre_hook(_take_over)
        return wrapper


def note_ratios(optimizer: Any, param: str) -> None:
    """Note in each group the ratio of its value to the optimizer's, unless it has been noted."""
    default = optimizer.defaults[param]
    for group in optimizer.param_groups:
        group.setdefault(f'{param}_ratio', group[param] / default if default else 1.0)


def _take_over(optimizer: Any, state: dict[str, Any]) -> dict[str, Any]:
    """Keep this run's hyper-parameters when a state is loaded, so that changed ones, or scaled rates, have effect."""
    for param in optimizer.schedules:
        note_ratios(optimizer, param)
    groups, loaded = optimizer.param_groups, state['param_groups']
    if len(groups) != len(loaded):
        return state
    names = set(signature(type(optimizer)).parameters) - {'params'}
    return dict(state, param_groups=[_group(*pair, names) for pair in zip(groups, loaded, strict=True)])


def _group(own: dict[str, Any], loaded: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Return a group with the hyper-parameters of ``own`` and all else of ``loaded``.

    MMEngine's schedulers go on from the loaded values of what they move, which have an initial value beside them: such
    values are multiplied by the ratio of the initial ones.

    Args:
        own: The optimizer's group.
        loaded: The group of the state.
        names: The optimizer's hyper-parameters.
    """
    ratios = {f'{name}_ratio' for name in names}
    kept = {name: value for name, value in loaded.items() if name not in ratios}
    for name in (names | ratios) & set(own):
        start, new = loaded.get(f'initial_{name}'), own.get(f'initial_{name}')
        if start is None:
            kept[name] = own[name]
        elif isinstance(start, float) and start and new is not None:
            kept |= {name: loaded[name] * new / start, f'initial_{name}': new}
    return kept


def _refuse_unfollowed(model: nn.Module, schedules: dict[str, Any]) -> None:
    names = [f'model.{each.name}' for each in scheduled_numbers(model)]
    names += [f'optim_wrapper.optimizer.{param}' for param in schedules]
    if names:
        raise RuntimeError(
            f'nothing moves the schedules of {", ".join(names)}: add '
            "default_hooks.schedules=dict(type='ScheduledValuesHook'), or, in a loop of your own, call "
            'ScheduledValues(model, optimizer, TrainingLength(...)).set(step) before each step'
        )


def _check_ranges(optimizer: dict[str, Any], schedules: dict[str, Any]) -> None:
    """Construct an optimizer of one parameter with the values that each hyper-parameter takes."""
    if schedules:
        construct = _constructor(optimizer, next(iter(schedules)))
        construct(next(iter(schedules.values())).initial())
    for param, schedule in schedules.items():
        check_range(f'optim_wrapper.optimizer.{param}', schedule, _constructor(optimizer, param))


def _constructor(optimizer: dict[str, Any], param: str) -> Callable[[float], Any]:
    """Return a function that constructs an optimizer of one parameter with another value of a hyper-parameter."""
    kind = _class(optimizer)
    first = next(iter(signature(kind).parameters))  # 'params', of the model
    plain = {name: value for name, value in optimizer.items() if name != 'fused'}  # fused optimizers may refuse the CPU
    return lambda value: OPTIMIZERS.build(plain | {param: value, first: [nn.Parameter(torch.zeros(1))]})


def _class(cfg: dict[str, Any]) -> Any:
    return OPTIMIZERS.get(cfg['type']) if isinstance(cfg['type'], str) else cfg['type']


def _check_params(optimizer: dict[str, Any], schedules: dict[str, Any]) -> None:
    kind = _class(optimizer)
    parameters = dict([*signature(kind).parameters.items()][1:])
    for param in schedules:
        if param not in parameters:
            raise KeyError(f'{kind.__name__} has no hyper-parameter {param!r}, but {", ".join(parameters)}')
        if isinstance(parameters[param].default, bool):
            raise ValueError(f'optim_wrapper.optimizer.{param} of {kind.__name__} is no number: give a constant')
