"""Conversion of weights between sslreg and other codes (``tools/convert_checkpoint.py``)."""

from sslreg.utils.moved import forward

from .checkpoint_files import find_backbone, make_checkpoint
from .conversion_table import conversion_table
from .names import timm_name, to_timm_names
from .tensors import Conversion, Weights
from .to_code import CODES, to_code
from .to_encoder import to_encoder

__all__ = [
    'CODES',
    'Conversion',
    'Weights',
    'conversion_table',
    'find_backbone',
    'make_checkpoint',
    'timm_name',
    'to_code',
    'to_encoder',
    'to_timm_names',
]

forward(__name__)
