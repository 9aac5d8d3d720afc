"""Values that change over training, as stateless functions of the step.

A config states a schedule in place of a number: ``teacher_temp=dict(type=WarmupSchedule, start=0.04, end=0.07,
warmup='50ep')`` in the head, ``lr=dict(type=CosineSchedule, ...)`` in the optimizer. Lengths are epochs (``'50ep'``),
steps of the optimizer (``'500it'``) or a share of training (``0.1``). The values are those of the arrays in the
released code of DINO and MaSSL (arXiv 2407.17486), at every step.
"""

import math
import re
from abc import abstractmethod
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from sslreg.registry import SCHEDULES

Length = float | str
Self = TypeVar('Self', bound='Schedule')
_TYPED = re.compile(r'(?P<number>\d+(\.\d+)?)(?P<unit>ep|it)')
_NOMINAL = 1000  # steps of a run of no particular length


@dataclass(frozen=True)
class TrainingLength:
    """Length of a training run, in which typed lengths are resolved.

    Attributes:
        num_steps: Iterations of the whole run. With gradient accumulation these are passes, not optimizer steps.
        epoch_steps: Iterations of an epoch; None: the dataset has no length.
        accumulation: Iterations per step of the optimizer.
        setting: Setting of the config that states the length, for messages.
    """

    num_steps: int
    epoch_steps: int | None = None
    accumulation: int = 1
    setting: str = 'train_cfg.max_epochs'


@dataclass(frozen=True)
class Schedule:
    """Base of all schedules: ``schedule(step, num_steps)`` is the value at step 0 .. num_steps-1.

    Derive a frozen dataclass, register it in ``SCHEDULES`` and define ``__call__``. Its fields may hold typed lengths;
    ``__call__`` finds shares of training in their place (see :meth:`resolved`).
    """

    def __post_init__(self) -> None:
        """Raise ValueError if a field is not a finite number."""
        for name, value in self._fields():
            if isinstance(value, float) and not math.isfinite(value):
                raise ValueError(f'{type(self).__name__}: {name}={value} must be a finite number')

    @abstractmethod
    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""

    def initial(self) -> float:
        """Return the value at the first step of a long run."""
        return self._nominal()(0, _NOMINAL**3)

    def extremes(self) -> set[float]:
        """Return the lowest and the highest value of any run."""
        nominal = self._nominal()
        values = [nominal(step, _NOMINAL) for step in range(_NOMINAL)] + [self.initial()]
        return {min(values), max(values)}

    def resolved(self: Self, training: TrainingLength) -> Self:
        """Return the schedule with shares of training in place of typed lengths.

        Raises:
            ValueError: A length is longer than the run, or there are no epochs.
        """
        return self._with_shares(lambda name, length: share_of_training(name, length, training))

    def _nominal(self: Self) -> Self:
        return self._with_shares(lambda _, length: 0.5 if float(length[:-2]) else 0.0)

    def _fields(self) -> list[tuple[str, Any]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    def _with_shares(self: Self, share_of: Any) -> Self:
        def convert(name: str, value: Any) -> Any:
            if isinstance(value, (list, tuple)):
                return tuple(convert(name, each) for each in value)
            return share_of(name, value) if isinstance(value, str) and _TYPED.fullmatch(value) else value

        return replace(self, **{name: convert(name, value) for name, value in self._fields()})


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
    steps = round(number * (training.epoch_steps or 0) if unit == 'ep' else number * training.accumulation)
    if steps > training.num_steps:
        raise ValueError(
            f'{name}={length!r} ({steps} iterations) is longer than the run ({training.num_steps} iterations): shorten '
            f'it, e.g. {name}=0.1 for a tenth of the run, or raise {training.setting}'
        )
    return steps / training.num_steps


@SCHEDULES.register_module()
@dataclass(frozen=True)
class LinearSchedule(Schedule):
    """From ``start`` at the first step to ``end`` at the last."""

    start: float
    end: float

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""
        return self.start + (self.end - self.start) * step / max(num_steps - 1, 1)


@SCHEDULES.register_module()
@dataclass(frozen=True)
class WarmupSchedule(Schedule):
    """Linear from ``start`` to ``end`` over the length ``warmup``, then constant."""

    start: float
    end: float
    warmup: Length

    def __post_init__(self) -> None:
        """Raise ValueError unless ``warmup`` is a length."""
        super().__post_init__()
        _check_length('warmup', self.warmup)

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""
        num_warmup = _steps(self.warmup, num_steps)
        if step >= num_warmup:
            return self.end
        return LinearSchedule(self.start, self.end)(step, num_warmup)


@SCHEDULES.register_module()
@dataclass(frozen=True)
class CosineSchedule(Schedule):
    """Half a cosine from ``start`` at the first step towards ``end``, which would be the step after the last.

    Before it, over the length ``warmup``, linear from ``warmup_start`` to ``start``.
    """

    start: float
    end: float
    warmup: Length = 0.0
    warmup_start: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError unless ``warmup`` is a length."""
        super().__post_init__()
        _check_length('warmup', self.warmup)

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""
        num_warmup = _steps(self.warmup, num_steps)
        if step < num_warmup:
            return LinearSchedule(self.warmup_start, self.start)(step, num_warmup)
        progress = (step - num_warmup) / (num_steps - num_warmup)
        return self.end + (self.start - self.end) * (1 + math.cos(math.pi * progress)) / 2


@SCHEDULES.register_module()
@dataclass(frozen=True)
class StepSchedule(Schedule):
    """``start``, multiplied by ``gamma`` at each of the ``milestones``, which are lengths from the first step."""

    start: float
    milestones: tuple[Length, ...]
    gamma: float = 0.1

    def __post_init__(self) -> None:
        """Raise ValueError unless the milestones are lengths."""
        super().__post_init__()
        for milestone in self.milestones:
            _check_length('milestone', milestone)

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""
        return self.start * self.gamma ** sum(step >= _steps(length, num_steps) for length in self.milestones)


@SCHEDULES.register_module()
@dataclass(frozen=True)
class SwitchSchedule(Schedule):
    """``start`` for the length ``at``, then ``end``."""

    start: float
    end: float
    at: Length

    def __post_init__(self) -> None:
        """Raise ValueError unless ``at`` is a length."""
        super().__post_init__()
        _check_length('at', self.at)

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""
        return self.start if step < _steps(self.at, num_steps) else self.end


def _steps(length: Length, num_steps: int) -> int:
    if isinstance(length, str):
        raise ValueError(f'{length!r} needs the length of a run: call schedule.resolved(TrainingLength(...)) first')
    return round(length * num_steps)


def _check_length(name: str, length: Any) -> None:
    if isinstance(length, str):
        valid = bool(_TYPED.fullmatch(length))
    else:
        valid = isinstance(length, (int, float)) and 0 <= length <= 1
    if not valid:
        number = length if isinstance(length, (int, float)) and length > 1 else 10
        raise ValueError(
            f'{name}={length!r} must be a share of training between 0 and 1, a number of epochs, e.g. '
            f"'{number}ep', or of optimizer steps, e.g. '500it'"
        )
