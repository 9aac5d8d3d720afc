"""Operations that make the host wait for the device, counted on the CPU, where nothing waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# Operators that read a value, or need one for the size of their result.
OPERATORS = {'_local_scalar_dense', 'item', 'is_nonzero', 'nonzero', 'masked_select', 'equal', 'unique_dim', '_unique2'}
# The same as methods, of which some reach a tensor on the host without an operator.
METHODS = {'item', 'tolist', 'numpy', 'cpu', '__bool__', '__int__', '__float__', '__index__', '__array__'}


class _Operators(TorchDispatchMode):
    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self.found = found

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name, kwargs = func.overloadpacket.__name__, kwargs or {}
        masks = [x for x in tree_leaves(args[1:]) if isinstance(x, Tensor) and x.dtype in (torch.bool, torch.uint8)]
        moved = name == '_to_copy' and _changes_device(args[0], kwargs.get('device'))
        if name in OPERATORS or (name in ('index', 'index_put', 'index_put_') and masks) or moved:
            self.found.append(name)
        return func(*args, **kwargs)


class _Methods(TorchFunctionMode):
    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self.found = found

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = getattr(func, '__name__', '')
        if name in METHODS and getattr(torch.Tensor, name, None) is func:
            self.found.append(name)
        return func(*args, **kwargs or {})


def _changes_device(tensor: Tensor, device: Any) -> bool:
    return device is not None and torch.device(device).type != tensor.device.type


@contextmanager
def host_waits() -> Iterator[list[str]]:
    """The names of what would wait within the block; one wait may be in it twice, as a method and as an operator."""
    found: list[str] = []
    with _Methods(found), _Operators(found):
        yield found
