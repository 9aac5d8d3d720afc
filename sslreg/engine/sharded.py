"""Training with parameters sharded over the ranks, for networks too large for one device."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mmengine.dist import get_rank, get_world_size
from mmengine.model import BaseModel
from mmengine.registry import MODEL_WRAPPERS  # the Runner looks up wrappers in this registry only
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer

from sslreg.models.networks import backbones_and_necks, modules_of_class, student_and_teacher


@MODEL_WRAPPERS.register_module()
class ShardedModel(nn.Module):
    """Wrapper that shards every parameter over the ranks (``fully_shard``), instead of DistributedDataParallel.

    Parameters of student and teacher, gradients and the optimizer's state are sharded; each layer is gathered while it
    is computed. The memory and other buffers are replicated. Weights are sharded at the first step, so initialisation
    and resuming work as in a plain run. Checkpoints hold gathered tensors and load anywhere.

    Set ``model_wrapper_cfg=dict(type='ShardedModel')`` in a config; a run of one process ignores it.

    Args:
        module: A MemorySSL.
        modules: Names of the classes of layers that are gathered one at a time.

    Raises:
        ValueError: A network has no layer of such a class, or parameters are outside of backbone and neck, where
            nothing would average their gradients.
    """

    def __init__(self, module: BaseModel, modules: str | Sequence[str] = 'TransformerEncoderLayer') -> None:
        super().__init__()
        self.module: Any = module
        self.layers = [modules] if isinstance(modules, str) else list(modules)
        self.sharded = False
        for encoder in student_and_teacher(module):
            modules_of_class(encoder.backbone, self.layers, 'ShardedModel')
        inside = {id(parameter) for part in backbones_and_necks(module) for parameter in part.parameters()}
        outside = [name for name, parameter in module.named_parameters() if id(parameter) not in inside]
        if outside:
            raise ValueError(
                f'ShardedModel shards backbones and necks, but {outside[0]} is outside of them: leave out '
                'model_wrapper_cfg'
            )

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the model."""
        return self.module(*args, **kwargs)

    def train_step(self, data: Any, optim_wrapper: Any) -> dict[str, Tensor]:
        """Run a training step of the model; the first call shards the model."""
        if not self.sharded:
            shard(self.module, optim_wrapper.optimizer, self.layers)
            self.sharded = True
        losses: dict[str, Tensor] = self.module.train_step(data, optim_wrapper)
        return losses

    def val_step(self, data: Any) -> Any:
        """Run a validation step of the model."""
        return self.module.val_step(data)

    def test_step(self, data: Any) -> Any:
        """Run a test step of the model."""
        return self.module.test_step(data)


def shard(model: Any, optimizer: Optimizer, names: Sequence[str]) -> None:
    """Shard a MemorySSL's parameters and the optimizer's state of them, in place.

    Args:
        model: The model, with equal parameters on all ranks.
        optimizer: Its optimizer.
        names: Names of the classes of layers that are gathered one at a time.
    """
    before = dict(model.named_parameters())
    mesh = init_device_mesh(next(iter(before.values())).device.type, (get_world_size(),))
    for encoder in student_and_teacher(model):
        for module in [*modules_of_class(encoder.backbone, names, 'ShardedModel'), encoder.backbone, encoder.neck]:
            # Reshard the outermost module, too: the teacher has no backward pass that would reshard it.
            fully_shard(module, mesh=mesh, reshard_after_forward=True)
    after = dict(model.named_parameters())
    sharded = {parameter: after[name] for name, parameter in before.items()}
    for group in optimizer.param_groups:
        group['params'] = [sharded[parameter] for parameter in group['params']]
    for parameter in [*optimizer.state]:
        state, new = optimizer.state.pop(parameter), sharded[parameter]
        optimizer.state[new] = {
            name: distribute_tensor(value, mesh, new.placements, src_data_rank=None)
            if isinstance(value, Tensor) and value.shape == parameter.shape
            else value
            for name, value in state.items()
        }


@contextmanager
def gathered_for_evaluation(model: Any) -> Iterator[None]:
    """Gather the parameters of ``extract_feat`` for the body, as ranks may evaluate different numbers of batches.

    Args:
        model: A MemorySSL, sharded or not.
    """
    sharded = [module for module in model.feature_backbone.modules() if isinstance(module, FSDPModule)]
    for module in sharded:
        module.set_reshard_after_forward(False, recurse=False)
        module.unshard()
    yield
    for module in sharded:
        module.set_reshard_after_forward(True, recurse=False)
        module.reshard()


def gather_tensors(state: dict[Any, Any]) -> dict[Any, Any]:
    """Gather all sharded tensors of nested dicts on rank 0's CPU; all ranks must call it.

    Args:
        state: Nested dicts, such as a state dict.

    Returns:
        The gathered tensors in dicts of the same structure; empty on other ranks.
    """
    gathered: dict[Any, Any] = {}
    for name, value in state.items():
        if isinstance(value, DTensor):
            tensor = value.full_tensor()
            if get_rank() == 0:
                gathered[name] = tensor.detach().cpu()
        elif isinstance(value, dict) and (inner := gather_tensors(value)):
            gathered[name] = inner
    return gathered


def insert_tensors(state: dict[Any, Any], gathered: dict[Any, Any]) -> None:
    """Replace tensors of a state by gathered ones, in place.

    Args:
        state: Nested dicts.
        gathered: Result of :func:`gather_tensors` of the same structure.
    """
    for name, value in gathered.items():
        if isinstance(value, dict):
            insert_tensors(state[name], value)
        else:
            state[name] = value
