"""The report on a training run."""

from .observer import ObserverHook
from .progress import ProgressHook
from .report import write_report

__all__ = ['ObserverHook', 'ProgressHook', 'write_report']
