"""A model without memory for its tensors: it has their shapes only."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors

from sslreg.registry import MODELS, type_name

from .build_errors import values_of

SMALL = 4096  # tensors up to this number of elements are made as usual, so that constructors can read their values


class _LargeOnMeta(TorchFunctionMode):
    """Mode in which functions that make large tensors make them on the meta device."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func not in _makers() or kwargs.get('device') is not None:
            return func(*args, **kwargs)
        plain = {name: value for name, value in kwargs.items() if name not in ('device', 'generator')}
        shape_only = func(*args, **plain, device='meta')
        return func(*args, **kwargs) if shape_only.numel() <= SMALL else shape_only


class FastNorms(TorchFunctionMode):
    """Mode in which batch norm gives an empty tensor; torch's own on the meta device takes most of a pass."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is F.batch_norm and _fits_norm(args[0], args[1]):
            return torch.empty_like(args[0])
        return func(*args, **(kwargs or {}))


def _fits_norm(inputs: Tensor, mean: Tensor | None) -> bool:
    """Return whether torch would normalise a batch, which it refuses for another width, or a single value."""
    return mean is not None and inputs.shape[1] == len(mean) and inputs[:, 0].numel() > 1


def _makers() -> set[Any]:
    """Return torch's functions that make a tensor of a given shape."""
    made: set[Any] = _device_constructors()
    return made - {torch.tensor, torch.as_tensor, torch.asarray, torch.scalar_tensor}


@contextmanager
def shapes_only() -> Iterator[None]:
    """Make large tensors on the meta device, record no gradients, and leave torch's random numbers as they are."""
    with torch.random.fork_rng(devices=[]), torch.no_grad(), _LargeOnMeta():
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out logs and warnings, which will come again when the model is built for training."""
    level = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        logging.disable()
        try:
            yield
        finally:
            logging.disable(level)


def build_on_meta(cfg: Any) -> nn.Module:
    """Build a model on the meta device, in training mode.

    Args:
        cfg: Config of the model.
    """
    with shapes_only(), quiet():
        model: nn.Module = MODELS.build(cfg)
    return model.to('meta').train()


def check_size(model: nn.Module, cfg: Any) -> None:
    """Raise MemoryError if the tensors of a model are larger than the memory of the device.

    Args:
        model: The model, on the meta device.
        cfg: Its config.
    """
    available = device_memory()
    sizes = {name: _bytes(part) for name, part in model.named_children()}
    if not sizes or sum(sizes.values()) <= available:
        return
    largest = max(sizes, key=lambda name: sizes[name] * (name != 'teacher'))  # a teacher is a copy of the others
    part = cfg.get(largest)
    kind = f'{type_name(part["type"])} with {values_of(part)}' if isinstance(part, dict) and 'type' in part else 'it'
    raise MemoryError(
        f'model.{largest}: the tensors of {kind} need {sizes[largest] / 1e9:,.0f} GB, but the device has '
        f'{available / 1e9:,.0f} GB: choose smaller sizes'
    )


def device_memory() -> int:
    """Return the bytes of memory of the device that a run trains on."""
    if torch.cuda.is_available():
        return int(torch.cuda.get_device_properties(0).total_memory)
    return os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')


def _bytes(module: nn.Module) -> int:
    """Return the bytes of a module's tensors, without the entries of a memory that the ranks share out."""
    tensors: list[Tensor] = [*module.parameters()]
    tensors += [] if getattr(module, 'sharded', False) else [*module.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
