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
    """Keep images and convolutions of student and teacher with their channels last in memory.

    Which a GPU's convolutions in half precision are fastest with; values and the names and shapes of the state do not
    change. Checkpoints are written with the usual strides, so that a run may be resumed with or without.
    """

    def before_train(self, runner: Runner) -> None:
        """Convert the parameters, and what the optimizer keeps of each in a resumed run.

        Raises:
            ValueError: No parameter is of a convolution; or the model is sharded, which torch does in usual strides
                only.
        """
        if isinstance(runner.model, ShardedModel):
            raise ValueError('ChannelsLastHook: a ShardedModel keeps the usual format; remove one of them')
        to_channels_last(unwrap(runner.model))
        for parameter, state in runner.optim_wrapper.optimizer.state.items():
            state.update({name: _strided(value, parameter.stride()) for name, value in state.items()})

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """The strides that a run without this hook expects."""
        states = checkpoint.get('optimizer', {}).get('state', {}).values()
        for state in [checkpoint['state_dict'], *states]:
            state.update({name: _strided(value) for name, value in state.items()})


def to_channels_last(model: Any) -> None:
    """Convert a MemorySSL's networks in place; each also converts the images that it is given."""
    for encoder in student_and_teacher(model):
        if not any(parameter.ndim == 4 for parameter in encoder.backbone.parameters()):
            raise ValueError(
                f'ChannelsLastHook: {type(encoder.backbone).__name__} has no convolution to gain from it; remove '
                'the hook'
            )
        encoder.backbone.to(memory_format=torch.channels_last)
        encoder.backbone.register_forward_pre_hook(_convert)


def _convert(backbone: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    return (inputs[0].contiguous(memory_format=torch.channels_last),)


def _strided(value: Any, stride: tuple[int, ...] | None = None) -> Any:
    """Filters with these strides, or the usual ones; anything else as it is.

    Not by ``contiguous()``, which leaves filters of one pixel with the strides of either format.
    """
    if not isinstance(value, Tensor) or value.ndim != 4:
        return value
    empty = value.new_empty(value.shape) if stride is None else value.new_empty_strided(value.shape, stride)
    return empty.copy_(value)
