"""Losses that come with their gradient."""

from typing import Any

import torch
from torch import Tensor


def with_gradient(inputs: Tensor, value: Tensor, grad: Tensor | None) -> Tensor:
    """Return ``value []`` with ``grad`` as its gradient by ``inputs``; it cannot be differentiated twice.

    Args:
        inputs: Tensor that the value depends on.
        value: The value.
        grad: Gradient, of the shape of ``inputs``; None if ``inputs`` needs no gradient.
    """
    return _WithGradient.apply(inputs, value, grad) if inputs.requires_grad else value


class _WithGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, value: Tensor, grad: Tensor) -> Tensor:
        ctx.save_for_backward(grad.to(inputs.dtype))
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, None, None]:
        if torch.is_grad_enabled():  # enabled by create_graph=True only
            raise RuntimeError(
                'this loss comes with its gradient and cannot be differentiated twice (create_graph=True)'
            )
        return outputs[0] * ctx.saved_tensors[0], None, None
