"""Activation checkpointing of the student's layers."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from sslreg.models.networks import modules_of_class
from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap


@HOOKS.register_module()
class ActivationCheckpointHook(Hook):
    """Activation checkpointing: the backward pass recomputes the student's layers instead of storing activations.

    Gradients, random numbers and batch norm's running statistics equal those of a run without it. Activation memory
    shrinks to one layer and the inputs of all layers, for about a third more computation. The state dict keeps its
    names.

    Args:
        modules: Names of the classes of the backbone's layers: ``'TransformerEncoderLayer'`` (ViTs of mmpretrain),
            ``'Block'`` (ViTs of timm), ``'BasicBlock'`` or ``'Bottleneck'`` (ResNets).
    """

    def __init__(self, modules: str | Sequence[str] = 'TransformerEncoderLayer') -> None:
        self.modules = [modules] if isinstance(modules, str) else list(modules)

    def before_train(self, runner: Runner) -> None:
        """Wrap the layers.

        Args:
            runner: The runner of the training.

        Raises:
            ValueError: The student has no layer of such a class.
        """
        checkpoint_layers(unwrap(runner.model).backbone, self.modules)


def checkpoint_layers(backbone: nn.Module, names: Sequence[str]) -> None:
    """Wrap the ``forward`` of layers in place.

    Args:
        backbone: The backbone.
        names: Names of the classes of the layers.
    """
    for layer in modules_of_class(backbone, names, 'ActivationCheckpointHook'):
        norms = [module for module in layer.modules() if isinstance(module, _BatchNorm)]
        options = dict(context_fn=partial(_contexts, norms)) if norms else {}
        # A partial of the bound method, so that a copy of the model calls its own layers.
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False, **options)  # type: ignore[arg-type]


def _contexts(norms: list[_BatchNorm]) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Return the contexts of the forward pass and of its recomputation."""
    return nullcontext(), _frozen_statistics(norms)


@contextmanager
def _frozen_statistics(norms: list[_BatchNorm]) -> Iterator[None]:
    """Freeze running statistics during the recomputation, as the batch has already updated them once."""
    kept = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum, norm.num_batches_tracked = 0.0, None
    try:
        yield
    finally:  # torch ends the recomputation by an exception as soon as it has all activations
        for norm, (momentum, count) in zip(norms, kept, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
