"""Compilation of the networks by torch.compile."""

from typing import Any

import numpy as np
import torch._dynamo
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from sslreg.engine.sharded import ShardedModel
from sslreg.models.networks import backbones_and_necks
from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap

# Modes with CUDA graphs are left out: a network runs several times per step, and each run of a graph overwrites the
# output of the previous one.
MODES = ('default', 'max-autotune-no-cudagraphs')


@HOOKS.register_module()
class CompileHook(Hook):
    """Compilation of the backbones and necks of student and teacher by ``torch.compile``, for training steps.

    The Runner's ``compile`` would compile the whole model, but heads and memories also work on the CPU. The state dict
    keeps its names, so checkpoints do not change. The first step compiles a graph for each size of view, which takes
    minutes for a ViT. Evaluation is not compiled, as its batches differ in size. Dropout and drop path draw other
    random numbers than without compilation.

    Args:
        mode: Mode of ``torch.compile``: ``'default'``, or ``'max-autotune-no-cudagraphs'``, which compiles for longer.
        backend: Backend of ``torch.compile``; ``'aot_eager'`` traces but does not change the operations.

    Raises:
        ValueError: The backend is unknown to torch, or the mode to the backend ``'inductor'``.
    """

    priority = 'VERY_LOW'  # after hooks that change forward passes or fill the memory

    def __init__(self, mode: str = 'default', backend: str = 'inductor') -> None:
        if backend not in torch._dynamo.list_backends(exclude_tags=()):
            known = ', '.join(torch._dynamo.list_backends())
            raise ValueError(f'CompileHook: backend={backend!r} must be one of {known}')
        if mode not in MODES:
            raise ValueError(f'CompileHook: mode={mode!r} must be one of {", ".join(MODES)}')
        self.mode = mode if backend == 'inductor' else None  # other backends have no modes
        self.backend = backend
        self.calls: dict[nn.Module, Any] = {}

    def before_train(self, runner: Runner) -> None:
        """Compile the networks.

        Args:
            runner: The runner of the training.

        Raises:
            ValueError: The model is sharded: a compiled graph would not gather its layers.
        """
        if isinstance(runner.model, ShardedModel):
            raise ValueError('CompileHook: a ShardedModel cannot be compiled; remove one of them')
        compile_encoders(unwrap(runner.model), self.mode, self.backend)
        self.calls = {part: part._compiled_call_impl for part in backbones_and_necks(unwrap(runner.model))}

    def before_val(self, runner: Runner) -> None:
        """Switch the compiled networks off."""
        for part in self.calls:
            part._compiled_call_impl = None

    def after_val(self, runner: Runner) -> None:
        """Switch the compiled networks on again."""
        for part, call in self.calls.items():
            part._compiled_call_impl = call


def compile_encoders(model: Any, mode: str | None = None, backend: str = 'inductor') -> None:
    """Compile the backbones and necks of a MemorySSL in place; torch does the work at their first call.

    numpy numbers among a module's attributes (mmpretrain's drop path rates) are replaced by Python numbers, because
    each of them would break a graph in two.

    Args:
        model: The model.
        mode: Mode of ``torch.compile``.
        backend: Backend of ``torch.compile``.
    """
    # torch counts all parts as one function: graphs for image sizes x (student, teacher) and for a smaller last batch.
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, 64)
    for part in backbones_and_necks(model):
        for module in part.modules():
            numbers = {name: value for name, value in vars(module).items() if isinstance(value, np.generic)}
            vars(module).update({name: value.item() for name, value in numbers.items()})
        part.compile(mode=mode, backend=backend, dynamic=False)
