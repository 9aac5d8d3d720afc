"""Additions to MMEngine's optimizer wrappers: bfloat16, clipping per tensor, two groups of decay, schedules."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.optim import DefaultOptimWrapperConstructor as MMEngineConstructor
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from sslreg.arguments import PositiveOrInfinite
from sslreg.engine.optimizer_schedules import OptimizerSchedules
from sslreg.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS


def clip_grad_norm_per_tensor_(params: list[nn.Parameter], max_norm: PositiveOrInfinite) -> Tensor:
    """Scale each gradient with an L2 norm above ``max_norm`` down to it, tensor by tensor (DINO, MaSSL).

    Returns:
        The norm of all gradients together before clipping, as ``torch.nn.utils.clip_grad_norm_`` does.
    """
    grads = [param.grad for param in params if param.grad is not None]
    norms = torch._foreach_norm(grads)
    torch._foreach_mul_(grads, [(max_norm / (norm + 1e-6)).clamp(max=1) for norm in norms])
    return torch.linalg.vector_norm(torch.stack(norms))


@OPTIM_WRAPPERS.register_module()
class SSLOptimWrapper(OptimWrapper):
    """OptimWrapper with bfloat16 on any device and with clipping per tensor.

    MMEngine's AmpOptimWrapper refuses the CPU and scales losses also in bfloat16, which needs no scaling.

    Args:
        dtype: ``'float32'`` or ``'bfloat16'``, of the forward pass.
        clip_grad: As MMEngine's (global norm or value); or ``dict(type='per_tensor', max_norm=3.0)``.
        **kwargs: As in OptimWrapper.

    Raises:
        ValueError: Another dtype; float16 needs a loss scaler, so MMEngine's AmpOptimWrapper.
    """

    def __init__(
        self, *args: Any, dtype: str = 'float32', clip_grad: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        if dtype not in ('float32', 'bfloat16'):
            raise ValueError(
                f"dtype={dtype!r} must be 'float32' or 'bfloat16'; for float16 use MMEngine's "
                'AmpOptimWrapper, which scales the loss'
            )
        clip_grad = dict(clip_grad) if clip_grad else None
        per_tensor = clip_grad is not None and clip_grad.get('type') == 'per_tensor'
        if clip_grad is not None and per_tensor:
            clip_grad.pop('type')
        super().__init__(*args, clip_grad=clip_grad, **kwargs)
        if per_tensor:
            self.clip_func = clip_grad_norm_per_tensor_
        self.dtype = getattr(torch, dtype)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Run the forward pass in ``dtype``."""
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, self.dtype, enabled=self.dtype != torch.float32):
            yield


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class DefaultOptimWrapperConstructor(MMEngineConstructor):
    """MMEngine's default, where a hyper-parameter of the optimizer may be a schedule.

    Args:
        optim_wrapper_cfg: Config of the wrapper with its ``optimizer``.
        paramwise_cfg: As in MMEngine.
    """

    def __init__(self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None) -> None:
        self.schedules = OptimizerSchedules(optim_wrapper_cfg)
        super().__init__(self.schedules.wrapper_cfg, paramwise_cfg)

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Return the wrapper of the model's optimizer."""
        model = getattr(model, 'module', model)
        return self.schedules.attach(super().__call__(model), model)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MatrixDecayConstructor:
    """Two parameter groups: weight decay for tensors of two or more dimensions that are not biases, none for the rest.

    This is the rule of DINO's and MaSSL's released code. MMEngine's ``paramwise_cfg`` makes one group per tensor, which
    makes fused and foreach optimizers slow.

    Args:
        optim_wrapper_cfg: Config of the wrapper with its ``optimizer``.
        paramwise_cfg: None, or ``dict(rest=dict(...))``: further settings of the second group, e.g. of mmpretrain's
            LARS ``lars_exclude=True``.

    Raises:
        ValueError: ``paramwise_cfg`` has another key.
    """

    def __init__(self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None) -> None:
        if set(paramwise_cfg or {}) - {'rest'}:
            raise ValueError(
                f'MatrixDecayConstructor takes paramwise_cfg=dict(rest=...), got {paramwise_cfg}; leave '
                "optim_wrapper.constructor out for MMEngine's, which takes more"
            )
        self.rest = dict((paramwise_cfg or {}).get('rest', {}))
        self.schedules = OptimizerSchedules(optim_wrapper_cfg)
        self.wrapper_cfg = dict(self.schedules.wrapper_cfg)
        self.optimizer_cfg = dict(self.wrapper_cfg.pop('optimizer'))

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Return the wrapper of an optimizer with the two groups of the model's trained parameters."""
        model = getattr(model, 'module', model)
        trained = {name: param for name, param in model.named_parameters() if param.requires_grad}
        plain = {name for name, param in trained.items() if param.ndim < 2 or name.endswith('.bias')}
        groups = [
            dict(params=[param for name, param in trained.items() if name not in plain]),
            dict(params=[trained[name] for name in trained if name in plain], weight_decay=0.0, **self.rest),
        ]
        optimizer = OPTIMIZERS.build(self.optimizer_cfg | dict(params=groups))
        wrapper = OPTIM_WRAPPERS.build(self.wrapper_cfg, default_args=dict(optimizer=optimizer))
        return self.schedules.attach(wrapper, model)
