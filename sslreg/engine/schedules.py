"""Values that change over training, as stateless functions of the step.

A config states a schedule in place of a number: ``teacher_temp=dict(type=WarmupSchedule, start=0.04, end=0.07,
warmup='50ep')`` in the head, ``lr=dict(type=CosineSchedule, ...)`` in the optimizer. Lengths are epochs (``'50ep'``),
steps of the optimizer (``'500it'``) or a share of training (``0.1``). The values are those of the arrays in the
released code of DINO and MaSSL (arXiv 2407.17486), at every step.
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Any, TypeVar

from sslreg.engine.lengths import Length, TrainingLength, check_length, is_typed, share_of_training, steps_of
from sslreg.registry import SCHEDULES

Self = TypeVar('Self', bound='Schedule')
_NOMINAL = 1000  # steps of a run of no particular length


@dataclass(frozen=True)
class Schedule:
    """Base of all schedules: ``schedule(step, num_steps)`` is the value at step 0 .. num_steps-1.

    Derive a frozen dataclass, register it in ``SCHEDULES`` and define ``__call__``. Its fields may hold typed lengths;
    ``__call__`` finds shares of training in their place (see :meth:`resolved`).
    """

    def __post_init__(self) -> None:
        """Raise ValueError if a number is not finite, or a text with digits is no length."""
        numbers = {field.name for field in fields(self) if field.type in (float, 'float')}
        for name, value in self._fields():
            is_number = isinstance(value, Real) and not isinstance(value, bool)
            if (name in numbers and not is_number) or (isinstance(value, float) and not math.isfinite(value)):
                raise ValueError(f'{type(self).__name__}: {name}={value!r} must be a finite number')
            if isinstance(value, str) and any(map(str.isdigit, value)):
                check_length(name, value)

    @abstractmethod
    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""

    def initial(self) -> float:
        """Return the value at the first step of a long run."""
        return self._nominal()(0, _NOMINAL**3)

    def extremes(self) -> set[float]:
        """Return the lowest and the highest value of any run."""
        nominal = self._nominal()
        values = [nominal(step, _NOMINAL) for step in range(_NOMINAL)]
        values += [self.initial(), nominal(_NOMINAL**3 - 1, _NOMINAL**3)]
        return {min(values), max(values)}

    def resolved(self: Self, training: TrainingLength) -> Self:
        """Return the schedule with shares of training in place of typed lengths.

        Raises:
            ValueError: A length is longer than the run, or there are no epochs.
        """
        return self._with_shares(lambda name, length: share_of_training(name, length, training))

    def scaled(self, factor: float) -> 'Schedule':
        """Return the schedule of a learning rate for a batch of ``factor`` times the images.

        All values are multiplied. The schedules that begin or end at a low rate keep that rate: the released code of
        DINO and MaSSL scales the largest rate alone.

        Args:
            factor: Images per step, divided by those that the schedule is for.

        Raises:
            ValueError: The scaled rate would be below a rate that is kept.
        """
        return ScaledSchedule(self, factor)

    def _with_peak(self: Self, peak: str, factor: float, kept: tuple[str, ...]) -> Self:
        """Return the schedule with the field of the largest rate multiplied, and other rates kept."""
        old, new = getattr(self, peak), getattr(self, peak) * factor
        for name in kept:
            if new < getattr(self, name) <= old:
                raise ValueError(
                    f'{peak}={old:g} scaled by {factor:g} is {new:g}, below {name}={getattr(self, name):g}, which is '
                    f'not scaled: lower {name} to {new:g} or less'
                )
        return replace(self, **{peak: new})

    def _nominal(self: Self) -> Self:
        return self._with_shares(lambda _, length: 0.5 if float(length[:-2]) else 0.0)

    def _fields(self) -> list[tuple[str, Any]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    def _with_shares(self: Self, share_of: Any) -> Self:
        def convert(name: str, value: Any) -> Any:
            if isinstance(value, (list, tuple)):
                return tuple(convert(name, each) for each in value)
            return share_of(name, value) if is_typed(value) else value

        return replace(self, **{name: convert(name, value) for name, value in self._fields()})


@SCHEDULES.register_module()
@dataclass(frozen=True)
class LinearSchedule(Schedule):
    """Line from ``start`` at the first step to ``end`` at the last."""

    start: float
    end: float

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""
        return self.start + (self.end - self.start) * step / max(num_steps - 1, 1)

    def scaled(self, factor: float) -> Schedule:
        """Return the schedule with the larger rate scaled; see the base class."""
        falls = self.start >= self.end
        return self._with_peak('start' if falls else 'end', factor, kept=('end' if falls else 'start',))


@SCHEDULES.register_module()
@dataclass(frozen=True)
class WarmupSchedule(Schedule):
    """Line from ``start`` to ``end`` over the length ``warmup``, then the constant ``end``."""

    start: float
    end: float
    warmup: Length

    def __post_init__(self) -> None:
        """Raise ValueError unless ``warmup`` is a length."""
        super().__post_init__()
        check_length('warmup', self.warmup)

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""
        num_warmup = steps_of(self.warmup, num_steps)
        if step >= num_warmup:
            return self.end
        return LinearSchedule(self.start, self.end)(step, num_warmup)

    def scaled(self, factor: float) -> Schedule:
        """Return the schedule with its constant scaled; see the base class."""
        return self._with_peak('end', factor, kept=('start',))


@SCHEDULES.register_module()
@dataclass(frozen=True)
class CosineSchedule(Schedule):
    """Half a cosine from ``start`` at the first step towards ``end``, which would be the step after the last.

    Over the length ``warmup`` before it, a line leads from ``warmup_start`` to ``start``.
    """

    start: float
    end: float
    warmup: Length = 0.0
    warmup_start: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError unless ``warmup`` is a length."""
        super().__post_init__()
        check_length('warmup', self.warmup)

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""
        num_warmup = steps_of(self.warmup, num_steps)
        if step < num_warmup:
            return LinearSchedule(self.warmup_start, self.start)(step, num_warmup)
        progress = (step - num_warmup) / (num_steps - num_warmup)
        return self.end + (self.start - self.end) * (1 + math.cos(math.pi * progress)) / 2

    def scaled(self, factor: float) -> Schedule:
        """Return the schedule with its largest rate ``start`` scaled; see the base class."""
        return self._with_peak('start', factor, kept=('end', 'warmup_start'))


@SCHEDULES.register_module()
@dataclass(frozen=True)
class StepSchedule(Schedule):
    """Steps: ``start``, multiplied by ``gamma`` at each of the ``milestones``, lengths from the first step."""

    start: float
    milestones: tuple[Length, ...]
    gamma: float = 0.1

    def __post_init__(self) -> None:
        """Raise ValueError unless the milestones are lengths."""
        super().__post_init__()
        for milestone in self.milestones:
            check_length('milestone', milestone)

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""
        return self.start * self.gamma ** sum(step >= steps_of(length, num_steps) for length in self.milestones)

    def scaled(self, factor: float) -> Schedule:
        """Return the schedule with all rates scaled."""
        return replace(self, start=self.start * factor)


@SCHEDULES.register_module()
@dataclass(frozen=True)
class SwitchSchedule(Schedule):
    """Switch from ``start`` to ``end`` after the length ``at``."""

    start: float
    end: float
    at: Length

    def __post_init__(self) -> None:
        """Raise ValueError unless ``at`` is a length."""
        super().__post_init__()
        check_length('at', self.at)

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""
        return self.start if step < steps_of(self.at, num_steps) else self.end

    def scaled(self, factor: float) -> Schedule:
        """Return the schedule with both rates scaled."""
        return replace(self, start=self.start * factor, end=self.end * factor)


@SCHEDULES.register_module()
@dataclass(frozen=True)
class ScaledSchedule(Schedule):
    """Another schedule (or its config) with all values multiplied by ``factor``."""

    schedule: Any
    factor: float

    def __post_init__(self) -> None:
        """Build the schedule."""
        super().__post_init__()
        if isinstance(self.schedule, Mapping):
            object.__setattr__(self, 'schedule', SCHEDULES.build(dict(self.schedule)))

    def __call__(self, step: int, num_steps: int) -> float:
        """Return the value at a step."""
        return float(self.factor * self.schedule(step, num_steps))

    def _with_shares(self, share_of: Any) -> 'ScaledSchedule':
        return replace(self, schedule=self.schedule._with_shares(share_of))
