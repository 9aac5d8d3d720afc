"""What of the environment works, and what to type where it does not: ``python -m sslreg.doctor``.

Nothing is imported here but Python's own: each check runs in a process of its own, so that a package that breaks, hangs
or crashes the interpreter takes only its line of the table with it.
"""

from .findings import Finding, examine
from .parts import PARTS, Part

__all__ = ['PARTS', 'Finding', 'Part', 'examine']
