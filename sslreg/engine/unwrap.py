from typing import Any

from mmengine.model import is_model_wrapper
from torch import nn


def unwrap(model: nn.Module) -> Any:
    """A runner's model itself, on any number of processes."""
    return model.module if is_model_wrapper(model) else model
