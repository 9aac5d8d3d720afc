"""The hook that moves every number with a schedule."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn

from sslreg.engine.circumstances import INFO, Circumstances
from sslreg.engine.hooks.required_hooks import start_required_hooks
from sslreg.engine.lengths import TrainingLength
from sslreg.engine.optimizer_schedules import note_ratios
from sslreg.engine.schedules import Schedule
from sslreg.registry import HOOKS, SCHEDULES
from sslreg.scheduled import adopt, scheduled_numbers
from sslreg.utils.dist import unwrap


class ScheduledValues:
    """All numbers of a model and an optimizer that follow a schedule; a loop without a Runner calls :meth:`set`.

    A group that starts with another value than the optimizer's (``lr_mult``, ``--auto-scale-lr``, no weight decay)
    keeps that ratio throughout; it is noted in the group. MMEngine's own schedulers
    accumulate products from step to step, cannot start at 0 and do not follow a changed number of epochs.

    Args:
        model: The model.
        optimizer: The optimizer, or None.
        training: Length of the run.
        lr_scale: Factors of MMEngine's scaling of the learning rate (``auto_scale_lr.enable``): the one by which it
            has multiplied the groups, and the one that is right.

    Raises:
        ValueError: A schedule does not fit the run.
    """

    def __init__(
        self, model: nn.Module, optimizer: Any, training: TrainingLength, lr_scale: tuple[float, float] = (1.0, 1.0)
    ) -> None:
        self.training = training
        self.optimizer = optimizer
        adopt(model, SCHEDULES)
        self.numbers = [
            each._replace(schedule=_resolved(f'model.{each.name}', each.schedule, training))
            for each in scheduled_numbers(model)
        ]
        self.params = {
            param: _resolved(f'optim_wrapper.optimizer.{param}', schedule, training)
            for param, schedule in getattr(optimizer, 'schedules', {}).items()
        }
        self.applied, wanted = lr_scale
        if 'lr' in self.params and wanted != 1:
            self.params['lr'] = self.params['lr'].scaled(wanted)
        for param in self.params:
            note_ratios(optimizer, param)
        if optimizer is not None:
            optimizer.schedules_are_followed = True

    def set(self, step: int) -> dict[str, float]:
        """Set all numbers to their values at a step and return the values by name.

        Args:
            step: Iteration, from 0.
        """
        values = {}
        for number in self.numbers:
            values[number.name] = number.schedule(step, self.training.num_steps)
            setattr(number.owner, number.attribute, values[number.name])
        for param, schedule in self.params.items():
            values[param] = schedule(step, self.training.num_steps)
            for group in self.optimizer.param_groups:
                group[param] = values[param] * group[f'{param}_ratio'] / (self.applied if param == 'lr' else 1)
        return values


@HOOKS.register_module()
class ScheduledValuesHook(Hook):
    """Hook that sets all scheduled values of the model and the optimizer before every training step and logs them."""

    priority = 'HIGHEST'  # before MMEngine's RuntimeInfoHook logs the step

    def before_run(self, runner: Runner) -> None:
        """Register the other hooks that the components need."""
        start_required_hooks(runner)

    def before_train(self, runner: Runner) -> None:
        """Find the scheduled numbers and resolve the lengths of their schedules in this run.

        Args:
            runner: The runner of the training.

        Raises:
            ValueError: A schedule does not fit the run, or MMEngine's ``param_scheduler`` changes the same number.
        """
        optimizer = getattr(runner.optim_wrapper, 'optimizer', None)
        self.values = ScheduledValues(unwrap(runner.model), optimizer, training_length(runner), lr_scale(runner))
        schedulers = runner.param_schedulers if isinstance(runner.param_schedulers, list) else []
        if both := {each.param_name for each in schedulers} & set(self.values.params):
            raise ValueError(
                f'optim_wrapper.optimizer.{both.pop()} is a schedule, and param_scheduler changes it too: keep only one'
            )

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Set and log the values of this step."""
        for name, value in self.values.set(runner.iter).items():
            if name != 'lr':  # MMEngine logs that one
                runner.message_hub.update_scalar(f'train/{name}', value)


def lr_scale(runner: Runner) -> tuple[float, float]:
    """Return the factor by which MMEngine has scaled a Runner's learning rate, and the one with accumulated batches.

    The tools scale the config instead (:func:`sslreg.engine.config.scale_batch`), and MMEngine scales nothing.

    Raises:
        ValueError: MMEngine has scaled a constant without counting the accumulated batches.
    """
    described = runner.auto_scale_lr or {}
    if not described.get('enable', False):
        return 1.0, 1.0
    accumulation = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
    applied = runner.train_dataloader.batch_size * runner.world_size / described['base_batch_size']
    if accumulation > 1 and 'lr' not in getattr(runner.optim_wrapper.optimizer, 'schedules', {}):
        raise ValueError(
            f'auto_scale_lr.enable=True: MMEngine has scaled the learning rate for one batch, not for the '
            f'{accumulation} of optim_wrapper.accumulative_counts: start the run by tools/train.py, or call '
            'sslreg.engine.config.scale_batch(cfg, num_processes, True) before Runner.from_cfg(cfg)'
        )
    return applied, applied * accumulation


def training_length(runner: Runner) -> TrainingLength:
    """Return the length of a Runner's training."""
    loader = runner.train_dataloader
    epoch_based = isinstance(runner.train_loop, EpochBasedTrainLoop)
    try:
        epoch_steps = len(loader)
    except TypeError:  # an IterableDataset has no length
        epoch_steps = None
    circumstances = Circumstances(**runner.message_hub.get_info(INFO, Circumstances.now(runner).info()))
    setting = f'train_cfg.max_epochs={runner.max_epochs}' if epoch_based else f'train_cfg.max_iters={runner.max_iters}'
    first = (circumstances.first_accumulation, circumstances.first_steps)
    return TrainingLength(runner.max_iters, epoch_steps, *first, setting)


def _resolved(place: str, schedule: Any, training: TrainingLength) -> Schedule:
    try:
        return schedule.resolved(training)
    except ValueError as error:
        raise ValueError(f'{place}: {error}') from None
