from typing import Any

from torch import nn


def encoders(model: Any) -> list[Any]:
    """The networks of a MemorySSL, each with ``backbone`` and ``neck``: the student, then the teacher if any."""
    return [model.student] if model.teacher is None else [model.student, model.teacher.module]


def parts(model: Any) -> list[nn.Module]:
    """Backbones and necks of :func:`encoders`: what is called for a view, and so what can be compiled or hooked."""
    return [part for encoder in encoders(model) for part in (encoder.backbone, encoder.neck)]
