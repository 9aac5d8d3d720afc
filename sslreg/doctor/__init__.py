"""Diagnosis of the environment: ``python -m sslreg.doctor``.

This package imports only the standard library. Each check runs in a process of its own, so a package that breaks, hangs
or crashes the interpreter affects only its own line of the table.
"""

from .findings import Finding, examine
from .parts import ENVIRONMENT, EnvironmentPart

__all__ = ['ENVIRONMENT', 'EnvironmentPart', 'Finding', 'examine']
