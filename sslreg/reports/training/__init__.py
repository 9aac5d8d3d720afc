"""Report on a training run: hooks that collect its figures, and the page."""

from .observer_hook import ObserverHook
from .progress_hook import ProgressHook
from .training_report import write_report

__all__ = ['ObserverHook', 'ProgressHook', 'write_report']
