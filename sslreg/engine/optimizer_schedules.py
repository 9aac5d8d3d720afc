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
    """Change a loaded state where the run that wrote it had a constant and this one has a schedule, or vice versa."""
    for param in optimizer.schedules:
        note_ratios(optimizer, param)
    groups, loaded = optimizer.param_groups, state['param_groups']
    return dict(state, param_groups=[*map(_group, groups, loaded)]) if len(groups) == len(loaded) else state


def _group(own: dict[str, Any], loaded: dict[str, Any]) -> dict[str, Any]:
    ratios = {name: value for name, value in own.items() if name.endswith('_ratio')}
    constant = {name.removesuffix('_ratio') for name in set(loaded) - set(own) if name.endswith('_ratio')}
    kept = {name: value for name, value in loaded.items() if name.removesuffix('_ratio') not in constant}
    return kept | ratios | {name: own[name] for name in constant}


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
