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

# Not those with CUDA graphs: a network runs several times a step, and a graph's output is overwritten by its next run.
MODES = ('default', 'max-autotune-no-cudagraphs')


@HOOKS.register_module()
class CompileHook(Hook):
    """Compile the backbones and necks of student and teacher by ``torch.compile``, for training steps.

    Not the whole model, as the Runner's ``compile`` does: a head and a memory work on the host as well. State keeps its
    names, so checkpoints are those of a run without. The first step compiles a graph for each size of view, minutes for
    a ViT; evaluation, whose batches differ in size, stays as it was. Dropout and drop path draw other numbers than
    without compilation.

    Args:
        mode: Of ``torch.compile``: ``'default'``, or ``'max-autotune-no-cudagraphs'``, which compiles for longer.
        backend: Of ``torch.compile``; ``'aot_eager'`` traces but leaves the operations as they are.

    Raises:
        ValueError: torch knows no such backend or, for the backend ``'inductor'``, no such mode.
    """

    priority = 'VERY_LOW'  # after what changes the forward passes or fills the memory

    def __init__(self, mode: str = 'default', backend: str = 'inductor') -> None:
        if backend not in torch._dynamo.list_backends(exclude_tags=()):
            known = ', '.join(torch._dynamo.list_backends())
            raise ValueError(f'CompileHook: backend={backend!r} must be one of {known}')
        if mode not in MODES:
            raise ValueError(f'CompileHook: mode={mode!r} must be one of {", ".join(MODES)}')
        self.mode = mode if backend == 'inductor' else None  # no other has modes
        self.backend = backend
        self.calls: dict[nn.Module, Any] = {}

    def before_train(self, runner: Runner) -> None:
        """Compile.

        Raises:
            ValueError: The model is sharded; a graph does not put its layers together.
        """
        if isinstance(runner.model, ShardedModel):
            raise ValueError('CompileHook: a ShardedModel cannot be compiled; remove one of them')
        compile_encoders(unwrap(runner.model), self.mode, self.backend)
        self.calls = {part: part._compiled_call_impl for part in backbones_and_necks(unwrap(runner.model))}

    def before_val(self, runner: Runner) -> None:
        for part in self.calls:
            part._compiled_call_impl = None

    def after_val(self, runner: Runner) -> None:
        for part, call in self.calls.items():
            part._compiled_call_impl = call


def compile_encoders(model: Any, mode: str | None = None, backend: str = 'inductor') -> None:
    """Compile in place the backbones and necks of a MemorySSL; nothing is compiled before their first call.

    numpy's numbers among a module's attributes (mmpretrain's drop path rates) become Python's: at each of them a graph
    would break in two.
    """
    # All parts count as one function: graphs for image sizes x student and teacher, and for a last, smaller batch.
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, 64)
    for part in backbones_and_necks(model):
        for module in part.modules():
            numbers = {name: value for name, value in vars(module).items() if isinstance(value, np.generic)}
            vars(module).update({name: value.item() for name, value in numbers.items()})
        part.compile(mode=mode, backend=backend, dynamic=False)
