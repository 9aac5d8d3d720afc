"""Additions to MMEngine's optimizer wrappers: bfloat16, clipping per tensor, two groups of decay, schedules."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any

import torch
from mmengine.optim import DefaultOptimWrapperConstructor as MMEngineConstructor
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from sslreg.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS, SCHEDULES
from sslreg.scheduled import check_range, scheduled_numbers, split


def clip_grad_norm_per_tensor_(params: list[nn.Parameter], max_norm: float) -> Tensor:
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


class OptimizerSchedules:
    """Schedules that stand in an optimizer's config, e.g. ``lr=dict(type=CosineSchedule, ...)``.

    The optimizer is constructed with the largest value of a schedule, so that every parameter group, whatever its
    ``lr_mult``, has a ratio to it; ``ScheduledValuesHook`` keeps these ratios.

    Args:
        optim_wrapper_cfg: Config of the wrapper with its ``optimizer``.

    Attributes:
        wrapper_cfg: The config with numbers in place of schedules.

    Raises:
        KeyError: The optimizer has no such hyper-parameter.
        ValueError: The optimizer refuses a value that the schedule reaches.
    """

    def __init__(self, optim_wrapper_cfg: dict[str, Any]) -> None:
        optimizer, self.schedules = split(optim_wrapper_cfg['optimizer'], SCHEDULES)
        _check_params(optimizer, self.schedules)
        optimizer |= {param: max(schedule.extremes(), key=abs) for param, schedule in self.schedules.items()}
        for param, schedule in self.schedules.items():
            check_range(f'optim_wrapper.optimizer.{param}', schedule, _constructor(optimizer, param))
        self.wrapper_cfg = dict(optim_wrapper_cfg, optimizer=optimizer)

    def attach(self, wrapper: OptimWrapper, model: nn.Module) -> OptimWrapper:
        """Note the schedules at a wrapper's optimizer, which then refuses to step unless they are followed.

        Args:
            wrapper: The wrapper.
            model: The model, whose own schedules must be followed as well.
        """
        optimizer: Any = wrapper.optimizer
        optimizer.schedules = self.schedules

        def check_followed(*_: Any) -> None:
            handle.remove()
            names = [f'model.{each.name}' for each in scheduled_numbers(model)]
            names += [f'optim_wrapper.optimizer.{param}' for param in self.schedules]
            if names and not getattr(optimizer, 'schedules_are_followed', False):
                raise RuntimeError(
                    f'nothing moves the schedules of {", ".join(names)}: add '
                    "default_hooks.schedules=dict(type='ScheduledValuesHook'), or, in a loop of your own, call "
                    'ScheduledValues(model, optimizer, TrainingLength(...)).set(step) before each step'
                )

        handle = optimizer.register_step_pre_hook(check_followed)
        return wrapper


def _constructor(optimizer: dict[str, Any], param: str) -> Callable[[float], Any]:
    """Return a function that constructs an optimizer of nothing much with another value of a hyper-parameter."""
    kind = _class(optimizer)
    first = next(iter(signature(kind).parameters))  # 'params', of the model
    return lambda value: OPTIMIZERS.build(optimizer | {param: value, first: [nn.Parameter(torch.zeros(1))]})


def _class(cfg: dict[str, Any]) -> Any:
    return OPTIMIZERS.get(cfg['type']) if isinstance(cfg['type'], str) else cfg['type']


def _check_params(optimizer: dict[str, Any], schedules: dict[str, Any]) -> None:
    kind = _class(optimizer)
    names = [*signature(kind).parameters][1:]
    for param in schedules:
        if param not in names:
            raise KeyError(f'{kind.__name__} has no hyper-parameter {param!r}, but {", ".join(names)}')


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

    The rule of DINO's and MaSSL's released code. MMEngine's ``paramwise_cfg`` makes a group of every tensor, which
    takes fused and foreach optimizers their speed.

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
