"""Networks too large for a device: their parameters divided over the ranks."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mmengine.dist import get_rank, get_world_size
from mmengine.model import BaseModel
from mmengine.registry import MODEL_WRAPPERS  # the Runner looks wrappers up in this one alone
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer

from sslreg.models.networks import backbones_and_necks, modules_of_class, student_and_teacher


@MODEL_WRAPPERS.register_module()
class ShardedModel(nn.Module):
    """In place of DistributedDataParallel: each rank keeps a part of every parameter (``fully_shard``).

    So of student and teacher, gradients and the optimizer's state; a layer is put together while it is computed. The
    memory and other buffers stay whole on every rank. Each rank's weights are whole until the first step, since
    initialisation and resuming are those of a plain run; checkpoints are whole as well, and load anywhere.

    In a config: ``model_wrapper_cfg=dict(type='ShardedModel')``; one process ignores it.

    Args:
        module: A MemorySSL.
        modules: Names of the classes of layers that are put together one at a time.

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
            raise ValueError(f'ShardedModel divides backbones and necks, but {outside[0]} is outside of them')

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def train_step(self, data: Any, optim_wrapper: Any) -> dict[str, Tensor]:
        if not self.sharded:
            shard(self.module, optim_wrapper.optimizer, self.layers)
            self.sharded = True
        losses: dict[str, Tensor] = self.module.train_step(data, optim_wrapper)
        return losses

    def val_step(self, data: Any) -> Any:
        return self.module.val_step(data)

    def test_step(self, data: Any) -> Any:
        return self.module.test_step(data)


def shard(model: Any, optimizer: Optimizer, names: Sequence[str]) -> None:
    """Divide in place a MemorySSL's parameters, and what its optimizer keeps of them; alike on all ranks before."""
    before = dict(model.named_parameters())
    mesh = init_device_mesh(next(iter(before.values())).device.type, (get_world_size(),))
    for encoder in student_and_teacher(model):
        for module in [*modules_of_class(encoder.backbone, names, 'ShardedModel'), encoder.backbone, encoder.neck]:
            # Also the outermost: the teacher has no backward pass after which it would be divided again.
            fully_shard(module, mesh=mesh, reshard_after_forward=True)
    after = dict(model.named_parameters())
    place = {parameter: after[name] for name, parameter in before.items()}
    for group in optimizer.param_groups:
        group['params'] = [place[parameter] for parameter in group['params']]
    for parameter in [*optimizer.state]:
        state, new = optimizer.state.pop(parameter), place[parameter]
        optimizer.state[new] = {
            name: distribute_tensor(value, mesh, new.placements, src_data_rank=None)
            if isinstance(value, Tensor) and value.shape == parameter.shape
            else value
            for name, value in state.items()
        }


@contextmanager
def evaluated(model: Any) -> Iterator[None]:
    """Keep whole within it what ``extract_feat`` uses, for ranks may evaluate different numbers of batches."""
    divided = [module for module in model.feature_backbone.modules() if isinstance(module, FSDPModule)]
    for module in divided:
        module.set_reshard_after_forward(False, recurse=False)
        module.unshard()
    yield
    for module in divided:
        module.set_reshard_after_forward(True, recurse=False)
        module.reshard()


def put_together(state: dict[Any, Any]) -> dict[Any, Any]:
    """Of nested dicts the divided tensors, whole and on the host of rank 0; empty on others. All ranks must call it."""
    whole: dict[Any, Any] = {}
    for name, value in state.items():
        if isinstance(value, DTensor):
            tensor = value.full_tensor()
            if get_rank() == 0:
                whole[name] = tensor.detach().cpu()
        elif isinstance(value, dict) and (inner := put_together(value)):
            whole[name] = inner
    return whole


def replace(state: dict[Any, Any], whole: dict[Any, Any]) -> None:
    """Put the tensors of :func:`put_together` into a state of the same structure."""
    for name, value in whole.items():
        if isinstance(value, dict):
            replace(state[name], value)
        else:
            state[name] = value
