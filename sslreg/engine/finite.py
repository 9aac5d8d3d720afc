"""The tensors of a run that hold NaN or infinite numbers."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from sslreg.utils.dist import unwrap
from sslreg.utils.nested_values import nested_values


def not_finite(tensors: Mapping[str, Any]) -> list[str]:
    """Return the names of the tensors with a number that is NaN or infinite; waits once for each device."""
    floats = {name: local(each) for name, each in tensors.items() if isinstance(each, Tensor)}
    flags: dict[torch.device, dict[str, Tensor]] = {}
    for name, tensor in floats.items():
        if tensor.is_floating_point() or tensor.is_complex():
            flags.setdefault(tensor.device, {})[name] = tensor.isfinite().all()
    broken: set[str] = set()
    for found in flags.values():
        finite = torch.stack([*found.values()]).tolist()
        broken |= {name for name, is_finite in zip(found, finite, strict=True) if not is_finite}
    return [name for name in tensors if name in broken]


def local(tensor: Tensor) -> Tensor:
    """Return the part of a sharded tensor that is on this rank; other tensors as they are."""
    return tensor.to_local().detach() if isinstance(tensor, DTensor) else tensor.detach()


def infinite_buffers(model: nn.Module) -> list[str]:
    """Return the names of a model's buffers that hold infinite numbers but no NaN, such as masks."""
    buffers = dict(model.named_buffers())
    return [name for name in not_finite(buffers) if not buffers[name].isnan().any()]


def nested_tensors(state: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors in nested dictionaries and lists, such as a checkpoint, with their dotted paths."""
    yield from (('.'.join(keys), value) for keys, value in nested_values(state) if isinstance(value, Tensor))


def state_tensors(runner: Runner) -> dict[str, Tensor]:
    """Return all tensors of a run's model (with teacher and memory) and optimizer on this rank, by name."""
    model = unwrap(runner.model)
    tensors: dict[str, Tensor] = dict([*model.named_parameters(), *model.named_buffers()])
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    for optimizer in _optimizers(runner.optim_wrapper):
        for parameter, state in optimizer.state.items():
            for kind, value in nested_tensors(state):
                tensors[f'the {kind} of {names.get(id(parameter), "a parameter")} in the optimizer'] = value
    return tensors


def _optimizers(wrapper: Any) -> list[Any]:
    """Return the optimizers of an optimizer wrapper, or of several."""
    if isinstance(wrapper, dict) or not hasattr(wrapper, 'optimizer'):
        return [each.optimizer for each in getattr(wrapper, 'optim_wrappers', {}).values()]
    return [wrapper.optimizer]


def sum_over_ranks(count: int) -> int:
    """Return the sum of a number over all ranks. Collective."""
    total = torch.tensor(count)
    all_reduce(total)
    return int(total)
