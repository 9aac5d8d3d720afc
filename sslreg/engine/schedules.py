"""Values that change over training, as stateless functions of the step.

A schedule is called as ``schedule(step, num_steps)``, step = 0 .. num_steps-1, and returns a float. Lengths are shares
of training, so that another number of epochs needs no other schedule. The values are those of the arrays in the
released code of DINO and MaSSL (arXiv 2407.17486), at every step.
"""

import math
from dataclasses import dataclass

from sslreg.registry import SCHEDULES


@SCHEDULES.register_module()
@dataclass(frozen=True)
class LinearSchedule:
    """From ``start`` at the first step to ``end`` at the last."""

    start: float
    end: float

    def __call__(self, step: int, num_steps: int) -> float:
        return self.start + (self.end - self.start) * step / max(num_steps - 1, 1)


@SCHEDULES.register_module()
@dataclass(frozen=True)
class WarmupSchedule:
    """Linear from ``start`` to ``end`` over the share ``warmup`` of all steps, then constant."""

    start: float
    end: float
    warmup: float

    def __post_init__(self) -> None:
        _check_share('warmup', self.warmup, 10)

    def __call__(self, step: int, num_steps: int) -> float:
        num_warmup = round(self.warmup * num_steps)
        if step >= num_warmup:
            return self.end
        return LinearSchedule(self.start, self.end)(step, num_warmup)


@SCHEDULES.register_module()
@dataclass(frozen=True)
class CosineSchedule:
    """Half a cosine from ``start`` at the first step towards ``end``, which would be the step after the last.

    Before it, over the share ``warmup`` of all steps, linear from ``warmup_start`` to ``start``.
    """

    start: float
    end: float
    warmup: float = 0.0
    warmup_start: float = 0.0

    def __post_init__(self) -> None:
        _check_share('warmup', self.warmup, 10)

    def __call__(self, step: int, num_steps: int) -> float:
        num_warmup = round(self.warmup * num_steps)
        if step < num_warmup:
            return LinearSchedule(self.warmup_start, self.start)(step, num_warmup)
        progress = (step - num_warmup) / (num_steps - num_warmup)
        return self.end + (self.start - self.end) * (1 + math.cos(math.pi * progress)) / 2


@SCHEDULES.register_module()
@dataclass(frozen=True)
class StepSchedule:
    """``start``, multiplied by ``gamma`` at each of the ``milestones``, which are shares of training."""

    start: float
    milestones: tuple[float, ...]
    gamma: float = 0.1

    def __post_init__(self) -> None:
        for milestone in self.milestones:
            _check_share('milestone', milestone, 120)

    def __call__(self, step: int, num_steps: int) -> float:
        return self.start * self.gamma ** sum(step >= round(share * num_steps) for share in self.milestones)


@SCHEDULES.register_module()
@dataclass(frozen=True)
class SwitchSchedule:
    """``start`` until the share ``at`` of training, then ``end``."""

    start: float
    end: float
    at: float

    def __post_init__(self) -> None:
        _check_share('at', self.at, 200)

    def __call__(self, step: int, num_steps: int) -> float:
        return self.start if step < round(self.at * num_steps) else self.end


def _check_share(name: str, share: float, epochs: int) -> None:
    """``epochs``: such as one may have meant."""
    if not 0 <= share <= 1:
        raise ValueError(f'{name}={share} must be a share of training between 0 and 1, e.g. {epochs} / epochs')
