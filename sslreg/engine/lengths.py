"""Lengths in a schedule: epochs (``'50ep'``), steps of the optimizer (``'500it'``) or a share of training (``0.1``)."""

import re
from dataclasses import dataclass
from typing import Any

Length = float | str
_TYPED = re.compile(r'\d+(\.\d+)?(ep|it)')


@dataclass(frozen=True)
class TrainingLength:
    """Length of a training run, in which typed lengths are resolved.

    Attributes:
        num_steps: Iterations of the whole run. With gradient accumulation these are passes, not optimizer steps.
        epoch_steps: Iterations of an epoch; None if the dataset has no length.
        accumulation: Iterations per step of the optimizer.
        first_steps: Iterations, as the run counted them when it began, for an iteration now: resuming with another
            batch changes it. Lengths in steps are counted in these, so that schedules do not jump.
        setting: Setting of the config that states the length, for messages.
    """

    num_steps: int
    epoch_steps: int | None = None
    accumulation: int = 1
    first_steps: float = 1.0
    setting: str = 'train_cfg.max_epochs'


def is_typed(value: Any) -> bool:
    """Return whether a value is a length in epochs or optimizer steps."""
    return isinstance(value, str) and bool(_TYPED.fullmatch(value))


def check_length(name: str, length: Any) -> None:
    """Raise ValueError unless a value is a length.

    Args:
        name: Name of the length, for the message.
        length: The value.
    """
    if is_typed(length) or (isinstance(length, (int, float)) and 0 <= length <= 1):
        return
    number = length if isinstance(length, (int, float)) and length > 1 else 10
    raise ValueError(
        f'{name}={length!r} must be a share of training between 0 and 1, a number of epochs, e.g. '
        f"'{number}ep', or of optimizer steps, e.g. '500it'"
    )


def share_of_training(name: str, length: str, training: TrainingLength) -> float:
    """Return the share of a run that a typed length is.

    Args:
        name: Name of the length, for messages.
        length: ``'50ep'``: epochs, i.e. passes over the training set; ``'500it'``: steps of the optimizer, each of
            ``accumulation`` iterations.
        training: The run.

    Raises:
        ValueError: The length is longer than the run, or the dataset has no length.
    """
    number, unit = float(length[:-2]), length[-2:]
    if unit == 'ep' and training.epoch_steps is None:
        raise ValueError(
            f"{name}={length!r}: the training set has no length, so no epochs; use steps, e.g. {name}='500it'"
        )
    if unit == 'ep':
        steps = round(number * (training.epoch_steps or 0))
    else:
        steps = round(number * training.accumulation / training.first_steps)
    if steps > training.num_steps:
        raise ValueError(
            f'{name}={length!r} ({steps} iterations) is longer than the run ({training.num_steps} iterations): shorten '
            f'it, e.g. {name}=0.1 for a tenth of the run, or raise {training.setting}'
        )
    return steps / training.num_steps if training.num_steps else 0.0  # no steps: the training set is too small


def steps_of(length: Length, num_steps: int) -> int:
    """Return the iterations in a share of training.

    Args:
        length: The share.
        num_steps: Iterations of the whole run.

    Raises:
        ValueError: The length is typed and has not been resolved.
    """
    if isinstance(length, str):
        raise ValueError(f'{length!r} needs the length of a run: call schedule.resolved(TrainingLength(...)) first')
    return round(length * num_steps)
