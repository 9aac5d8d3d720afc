"""The learning rate for another batch than the config's (``--auto-scale-lr``)."""

from typing import Any

from mmengine.config import Config

from sslreg.engine.schedules import ScaledSchedule
from sslreg.registry import SCHEDULES
from sslreg.scheduled import is_schedule


def images_per_step(cfg: Config, num_processes: int) -> int | None:
    """Return the images per step of the optimizer: batch, processes and accumulated batches; None if not stated."""
    batch_size = (cfg.get('train_dataloader') or {}).get('batch_size')
    return None if batch_size is None else batch_size * num_processes * accumulated_batches(cfg)


def accumulated_batches(cfg: Config) -> int:
    """Return the number of batches of one step of the optimizer."""
    counts: int = (cfg.get('optim_wrapper') or {}).get('accumulative_counts', 1)
    return counts


def scale_learning_rate(cfg: Config, base: int, batch: int) -> str | None:
    """Scale the config's learning rate linearly from one batch to another.

    The config then states the rate and the batch that it is for, so nothing is scaled again: not by MMEngine, and not
    when a run starts from the dumped config. A schedule keeps the start of its warm-up and its final rate, as in the
    released code of DINO and MaSSL (see ``Schedule.scaled``).

    Args:
        cfg: The config, changed in place.
        base: Images per step that its learning rate is for.
        batch: Images per step of this run.

    Returns:
        A sentence that says what was scaled, or None if the batches are equal.

    Raises:
        ValueError: The config sets no learning rate, or the schedule cannot be scaled by this factor.
    """
    cfg.auto_scale_lr = dict(base_batch_size=batch, enable=False)
    if batch == base:
        return None
    optimizer: Any = (cfg.get('optim_wrapper') or {}).get('optimizer') or {}
    if optimizer.get('lr') is None:
        raise ValueError('--auto-scale-lr scales optim_wrapper.optimizer.lr, which the config does not set: set it')
    factor = batch / base
    optimizer.lr, changed = _scaled(optimizer.lr, factor)
    return f'the learning rate for {base} images per step is scaled by {factor:g} to {batch}: {changed}'


def _scaled(lr: Any, factor: float) -> tuple[Any, str]:
    """Return a learning rate of a config multiplied by a factor, and the setting that says so."""
    place = 'optim_wrapper.optimizer.lr'
    if not is_schedule(lr, SCHEDULES):
        return lr * factor, f'{place}={lr * factor:g}'
    schedule = SCHEDULES.build(dict(lr))
    try:
        scaled = schedule.scaled(factor)
    except ValueError as error:
        raise ValueError(f'--auto-scale-lr: {place}: {error}') from error
    if isinstance(scaled, ScaledSchedule):
        return dict(type='sslreg.engine.ScaledSchedule', schedule=lr, factor=factor), f'{place}.factor={factor:g}'
    changed = {name: value for name, value in vars(scaled).items() if value != getattr(schedule, name)}
    lr.update(changed)  # dict(lr) would replace the class that a config imports, and the config could not be written
    return lr, ', '.join(f'{place}.{name}={value:g}' for name, value in changed.items())
