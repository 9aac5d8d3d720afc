import torch
from mmengine.model import ExponentialMovingAverage
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import get_ema_multi_avg_fn

from sslreg.registry import MODELS


@MODELS.register_module()
class EMATeacher(ExponentialMovingAverage):
    """The student's exponential moving average, as self-supervised teachers are trained.

    Against MMEngine's class: buffers are not copied from the student at every step, so batch norm keeps statistics of
    the teacher's own activations; dropout and drop path stay off (the papers' teachers have none), while batch norm
    follows the training mode; all parameters move in one fused call; and nothing waits for the device.

    Args:
        model: The student; copied.
        momentum: Share of the student in the new value, 1 minus the papers' momentum. Usually scheduled
            (``ScheduleHook(target='teacher.momentum')``).
    """

    def __init__(self, model: nn.Module, momentum: float = 0.004) -> None:
        super().__init__(model, momentum)

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Move every parameter towards the student's; the first copy is :class:`TeacherEMAHook`'s."""
        average = get_ema_multi_avg_fn(decay=1 - self.momentum)
        average(list(self.module.parameters()), list(model.parameters()), None)
        self.steps += 1

    def train(self, mode: bool = True) -> 'EMATeacher':
        super().train(False)
        self.training = mode
        for module in self.modules():
            if isinstance(module, _BatchNorm):
                module.training = mode
        return self
