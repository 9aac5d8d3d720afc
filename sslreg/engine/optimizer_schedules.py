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
        optimizer |= {param: max(schedule.extremes(), key=abs) for param, schedule in self.schedules.items()}
        for param, schedule in self.schedules.items():
            check_range(f'optim_wrapper.optimizer.{param}', schedule, _constructor(optimizer, param))
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
        return wrapper


def _refuse_unfollowed(model: nn.Module, schedules: dict[str, Any]) -> None:
    names = [f'model.{each.name}' for each in scheduled_numbers(model)]
    names += [f'optim_wrapper.optimizer.{param}' for param in schedules]
    if names:
        raise RuntimeError(
            f'nothing moves the schedules of {", ".join(names)}: add '
            "default_hooks.schedules=dict(type='ScheduledValuesHook'), or, in a loop of your own, call "
            'ScheduledValues(model, optimizer, TrainingLength(...)).set(step) before each step'
        )


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
    names = [*signature(kind).parameters][1:]
    for param in schedules:
        if param not in names:
            raise KeyError(f'{kind.__name__} has no hyper-parameter {param!r}, but {", ".join(names)}')
