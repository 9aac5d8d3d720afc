from collections.abc import Sequence
from typing import Any

from torch import nn


def encoders(model: Any) -> list[Any]:
    """The networks of a MemorySSL, each with ``backbone`` and ``neck``: the student, then the teacher if any."""
    return [model.student] if model.teacher is None else [model.student, model.teacher.module]


def parts(model: Any) -> list[nn.Module]:
    """Backbones and necks of :func:`encoders`: what is called for a view, and so what can be compiled or hooked."""
    return [part for encoder in encoders(model) for part in (encoder.backbone, encoder.neck)]


def layers(backbone: nn.Module, names: Sequence[str], user: str) -> list[nn.Module]:
    """The modules of a backbone whose class has one of the names.

    Raises:
        ValueError: There is none for a name; ``user`` is who asks.
    """
    classes = sorted({type(module).__name__ for module in backbone.modules()})
    for name in names:
        if name not in classes:
            raise ValueError(
                f'{user}: {type(backbone).__name__} has no module of class {name!r}; it has {", ".join(classes)}'
            )
    return [module for module in backbone.modules() if type(module).__name__ in names]
