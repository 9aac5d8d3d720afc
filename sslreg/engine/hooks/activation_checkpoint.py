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
    """Compute the student's layers again in the backward pass instead of keeping what they need for it.

    Gradients, random numbers and batch norm's running statistics are those of a run without; memory is that of one
    layer and of the layers' inputs, for about a third more computation. State keeps its names.

    Args:
        modules: Names of the classes of the layers, which the backbone is made of: ``'TransformerEncoderLayer'`` (a
            ViT of mmpretrain), ``'Block'`` (one of timm), ``'BasicBlock'`` or ``'Bottleneck'`` (ResNets).
    """

    def __init__(self, modules: str | Sequence[str] = 'TransformerEncoderLayer') -> None:
        self.modules = [modules] if isinstance(modules, str) else list(modules)

    def before_train(self, runner: Runner) -> None:
        """Wrap the layers.

        Raises:
            ValueError: The student has no layer of such a class.
        """
        checkpoint_layers(unwrap(runner.model).backbone, self.modules)


def checkpoint_layers(backbone: nn.Module, names: Sequence[str]) -> None:
    """Wrap in place the ``forward`` of all modules whose class has one of the names."""
    for layer in modules_of_class(backbone, names, 'ActivationCheckpointHook'):
        norms = [module for module in layer.modules() if isinstance(module, _BatchNorm)]
        options = dict(context_fn=partial(_contexts, norms)) if norms else {}
        # A partial of the bound method: a copy of the model calls its own.
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False, **options)  # type: ignore[arg-type]


def _contexts(norms: list[_BatchNorm]) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Of the forward pass, and of the one in the backward pass."""
    return nullcontext(), _statistics_kept(norms)


@contextmanager
def _statistics_kept(norms: list[_BatchNorm]) -> Iterator[None]:
    """Each batch moves the running statistics once."""
    kept = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum, norm.num_batches_tracked = 0.0, None
    try:
        yield
    finally:  # torch ends the pass by an exception as soon as it has what it needs
        for norm, (momentum, count) in zip(norms, kept, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
