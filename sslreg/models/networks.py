"""The networks inside a model, for hooks and sharding."""

from collections.abc import Sequence
from typing import Any

from torch import nn


def student_and_teacher(model: Any) -> list[Any]:
    """Return the networks of a MemorySSL, each with ``backbone`` and ``neck``: the student, then the teacher if any."""
    return [model.student] if model.teacher is None else [model.student, model.teacher.module]


def backbones_and_necks(model: Any) -> list[nn.Module]:
    """Return the modules that are called for a view, and so can be compiled or hooked, of student and teacher."""
    return [part for network in student_and_teacher(model) for part in (network.backbone, network.neck)]


def modules_of_class(backbone: nn.Module, names: Sequence[str], user: str) -> list[nn.Module]:
    """Return the modules of a backbone whose class has one of the names.

    Args:
        backbone: The backbone.
        names: Names of classes, e.g. ``['TransformerEncoderLayer']``.
        user: The hook that asks, for the error message.

    Raises:
        ValueError: There is no module for a name.
    """
    classes = sorted({type(module).__name__ for module in backbone.modules()})
    for name in names:
        if name not in classes:
            raise ValueError(
                f'{user}: {type(backbone).__name__} has no module of class {name!r}; it has {", ".join(classes)}'
            )
    return [module for module in backbone.modules() if type(module).__name__ in names]
