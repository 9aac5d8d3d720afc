"""Commands of ``tools/sslmem.py``: each adds its parser, whose default ``run`` carries it out."""

from .compare_command import add_compare
from .prune_command import add_prune
from .remove_command import add_remove
from .report_command import add_report
from .score_command import add_score
from .train_command import add_train
from .units_command import add_units

COMMANDS = (add_train, add_score, add_units, add_report, add_compare, add_remove, add_prune)

__all__ = ['COMMANDS']
