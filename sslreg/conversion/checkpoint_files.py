"""Checkpoint files of several codes, and the backbones in them."""

from typing import Any

from torch import Tensor

from sslreg.models.checkpoint_weights import weights_of

# Prefixes of a backbone: sslreg's, mmdet's semi-supervised methods', all of OpenMMLab's and DINO's, MoCo's, MoCo v3's.
STUDENT = ('student.backbone.', 'backbone.', 'encoder_q.', 'base_encoder.')
PREFIXES = dict(teacher=('teacher.module.backbone.', 'teacher.backbone.', *STUDENT), student=STUDENT)


def find_backbone(checkpoint: dict[str, Any], part: str) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors of a backbone by the code's own names, and the names of all other tensors.

    Args:
        checkpoint: Content of the file, of any form that :func:`weights_of` takes.
        part: ``'teacher'`` or ``'student'``.

    Raises:
        ValueError: The checkpoint has only the other part, or no tensors.
    """
    tensors = weights_of(checkpoint, part)
    prefix = _prefix(tensors, part)
    backbone = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    return backbone, [name for name in tensors if not name.startswith(prefix)]


def _prefix(tensors: dict[str, Tensor], part: str) -> str:
    """Return the first known prefix of the part's backbone that some tensors have, or an empty text."""
    return next((prefix for prefix in PREFIXES[part] if any(name.startswith(prefix) for name in tensors)), '')


def make_checkpoint(tensors: dict[str, Tensor], code: str, part: str) -> dict[str, Any]:
    """Return the content of a file for a code: tensors alone for timm and DINOv2, below ``part`` for DINO.

    Args:
        tensors: Tensors of a backbone by the code's names.
        code: ``'sslreg'`` or one of :data:`.to_code.CODES`.
        part: ``'teacher'`` or ``'student'``.
    """
    tensors = {name: value.detach().clone() for name, value in tensors.items()}  # a slice would save its whole base
    prefixed = {f'backbone.{name}': value for name, value in tensors.items()}
    if code == 'sslreg':
        return dict(state_dict=prefixed)
    return {part: prefixed} if code == 'dino' else tensors
