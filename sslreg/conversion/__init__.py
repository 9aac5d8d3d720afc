"""Conversion of checkpoints between sslreg and other codebases (``tools/convert_checkpoint.py``)."""

from .convert import FORMS, Conversion, to_encoder, to_form
from .names import Weights, timm_name, translated
from .release import PARTS, backbone_of, packed, read_checkpoint
from .report import report

__all__ = [
    'FORMS',
    'PARTS',
    'Conversion',
    'Weights',
    'backbone_of',
    'packed',
    'read_checkpoint',
    'report',
    'timm_name',
    'to_encoder',
    'to_form',
    'translated',
]
