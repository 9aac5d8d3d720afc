from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslreg.registry import HOOKS, SCHEDULES, suggestion
from sslreg.utils.dist import unwrap


@HOOKS.register_module()
class ScheduleHook(Hook):
    """Set an attribute of the model from a schedule before every training step, and log it.

    Args:
        target: Dotted path inside the model, e.g. ``'head.teacher_temp'`` or ``'teacher.momentum'``.
        schedule: Config of a schedule.
    """

    priority = 'HIGHEST'  # before MMEngine's RuntimeInfoHook logs the step

    def __init__(self, target: str, schedule: dict[str, Any]) -> None:
        self.target = target
        self.schedule = SCHEDULES.build(schedule)

    def before_train(self, runner: Runner) -> None:
        """Find the target.

        Raises:
            AttributeError: The model has no such attribute.
            TypeError: It is no number.
        """
        *path, self.name = self.target.split('.')
        owner = unwrap(runner.model)
        for name in path:
            owner = _get(owner, name, self.target)
        value = _get(owner, self.name, self.target)
        if not isinstance(value, (int, float)):
            raise TypeError(f'ScheduleHook target {self.target!r} is a {type(value).__name__}, not a number')
        self.owner = owner

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        value = self.schedule(runner.iter, runner.max_iters)
        setattr(self.owner, self.name, value)
        runner.message_hub.update_scalar(f'train/{self.target}', value)


@HOOKS.register_module()
class OptimizerScheduleHook(Hook):
    """Set a hyper-parameter of the optimizer's groups from a schedule before every training step.

    A group that starts with another value than the optimizer's (``lr_mult``, ``--auto-scale-lr``, no weight decay)
    keeps that ratio throughout. MMEngine's own schedulers accumulate products from step to step, cannot start at 0 and
    do not follow a changed number of epochs.

    Args:
        param: Key of the groups: ``'lr'``, ``'weight_decay'``, ``'momentum'``.
        schedule: Config of a schedule.
    """

    priority = 'HIGHEST'

    def __init__(self, param: str, schedule: dict[str, Any]) -> None:
        self.param = param
        self.schedule = SCHEDULES.build(schedule)

    def before_train(self, runner: Runner) -> None:
        """Note each group's ratio; it is kept in the group, and so in the checkpoint.

        Raises:
            KeyError: The optimizer has no such hyper-parameter.
            ValueError: The optimizer's own value is not the schedule's start, so one of them was overridden in vain.
        """
        optimizer = runner.optim_wrapper.optimizer
        if self.param not in optimizer.defaults:
            raise KeyError(
                f'OptimizerScheduleHook: {type(optimizer).__name__} has no hyper-parameter '
                f'{self.param!r}, but {", ".join(optimizer.defaults)}'
            )
        default = optimizer.defaults[self.param]
        start = getattr(self.schedule, 'start', default)
        if default == 0 or start != default:
            raise ValueError(
                f'optimizer.{self.param}={default}, but its schedule starts at {start}: the schedule rules, so '
                'change its start (custom_hooks.N.schedule.start) and the optimizer alike'
            )
        for group in optimizer.param_groups:
            group.setdefault(f'{self.param}_ratio', group[self.param] / default)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        value = self.schedule(runner.iter, runner.max_iters)
        for group in runner.optim_wrapper.optimizer.param_groups:
            group[self.param] = value * group[f'{self.param}_ratio']
        if self.param != 'lr':  # MMEngine logs that one
            runner.message_hub.update_scalar(f'train/{self.param}', value)


def _get(owner: Any, name: str, target: str) -> Any:
    if not hasattr(owner, name):
        names = [key for key in [*vars(owner), *getattr(owner, '_modules', {})] if not key.startswith('_')]
        hint = suggestion(name, names) or f'; it has {", ".join(sorted(names))}'
        raise AttributeError(f'ScheduleHook target {target!r}: {type(owner).__name__} has no {name!r}{hint}')
    return getattr(owner, name)
