"""Teachers as moving averages of the student."""

from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.model import ExponentialMovingAverage
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from sslreg.arguments import Fraction, checked
from sslreg.registry import MODELS


def start_teacher(model: Any) -> None:
    """Make the teacher the student's copy, unless it has moved before, as in a resumed run.

    ``init_weights()`` runs after construction and gives both random weights of their own.

    Args:
        model: A model with ``student`` and ``teacher``, such as MemorySSL.
    """
    if model.teacher.steps == 0:
        model.teacher.module.load_state_dict(model.student.state_dict())
        model.teacher.steps += 1
    model.teacher.is_started = True


@MODELS.register_module()
class EMATeacher(ExponentialMovingAverage):
    """The student's exponential moving average, as self-supervised teachers are trained.

    Against MMEngine's class: buffers are not copied from the student at every step, so batch norm keeps statistics of
    the teacher's own activations; dropout and drop path stay off (the papers' teachers have none), while norms are in
    the mode of the student's, also where its backbone keeps them in evaluation (``norm_eval``, ``frozen_stages``); all
    parameters move in one fused call; and nothing waits for the device.

    Args:
        model: The student; copied.
        momentum: Share of the student in the new value, 1 minus the papers' momentum. Usually a schedule, e.g.
            ``momentum=dict(type=CosineSchedule, start=1 - 0.996, end=0.0)``.

    Raises:
        ValueError: ``momentum`` is not between 0 and 1.
    """

    @checked
    def __init__(self, model: nn.Module, momentum: Fraction = 0.004) -> None:
        if momentum > 0.5:
            print_log(f"EMATeacher: momentum={momentum} is 1 minus the papers' momentum; 0.004 is usual", 'current')
        super().__init__(model)
        self.momentum = momentum

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Move every parameter towards the student's; the first copy is :func:`start_teacher`'s."""
        average = get_ema_multi_avg_fn(decay=1 - self.momentum)
        average(list(self.module.parameters()), list(model.parameters()), None)
        self.steps += 1

    def train(self, mode: bool = True) -> 'EMATeacher':
        """Set the mode of norms as the student's own ``train`` does; dropout and drop path stay off."""
        super().train(mode)
        for module in self.module.modules():
            if not _has_statistics(module):
                module.training = False
        return self


def _has_statistics(module: nn.Module) -> bool:
    """Return whether a module is a layer with buffers, such as the running statistics of a norm."""
    return not any(module.children()) and any(True for _ in module.buffers(recurse=False))
