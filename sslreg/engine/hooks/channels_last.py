"""Channels-last memory format of convolutional networks."""

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from sslreg.engine.sharded import ShardedModel
from sslreg.models.networks import student_and_teacher
from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Channels-last memory format of the images and convolutions of student and teacher.

    Convolutions in half precision are fastest in this format on a GPU. Values and the names and shapes of the state
    dict do not change. Checkpoints have the default strides, so a run can be resumed with or without this hook.
    """

    def before_train(self, runner: Runner) -> None:
        """Convert the parameters, and in a resumed run the optimizer's state of them.

        Args:
            runner: The runner of the training.

        Raises:
            ValueError: No parameter is of a convolution; or the model is sharded, which needs default strides.
        """
        if isinstance(runner.model, ShardedModel):
            raise ValueError('ChannelsLastHook: a ShardedModel needs the default memory format; remove one of them')
        to_channels_last(unwrap(runner.model))
        for parameter, state in runner.optim_wrapper.optimizer.state.items():
            state.update({name: _strided(value, parameter.stride()) for name, value in state.items()})

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Convert the state to the default strides, which a run without this hook expects."""
        states = checkpoint.get('optimizer', {}).get('state', {}).values()
        for state in [checkpoint['state_dict'], *states]:
            state.update({name: _strided(value) for name, value in state.items()})


def to_channels_last(model: Any) -> None:
    """Convert a MemorySSL's networks in place, and let them convert their input images.

    Args:
        model: The model.
    """
    for encoder in student_and_teacher(model):
        if not any(parameter.ndim == 4 for parameter in encoder.backbone.parameters()):
            raise ValueError(
                f'ChannelsLastHook: {type(encoder.backbone).__name__} has no convolution that would be faster; '
                'remove the hook'
            )
        encoder.backbone.to(memory_format=torch.channels_last)
        encoder.backbone.register_forward_pre_hook(_convert)


def _convert(backbone: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    return (inputs[0].contiguous(memory_format=torch.channels_last),)


def _strided(value: Any, stride: tuple[int, ...] | None = None) -> Any:
    """Return convolution filters with the given or default strides, and other values unchanged.

    ``contiguous()`` does not do this: it keeps the strides of filters of one pixel, which fit both formats.
    """
    if not isinstance(value, Tensor) or value.ndim != 4:
        return value
    empty = value.new_empty(value.shape) if stride is None else value.new_empty_strided(value.shape, stride)
    return empty.copy_(value)
