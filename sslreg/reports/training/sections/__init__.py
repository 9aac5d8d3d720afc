"""Sections of a report: each takes the run, writes its plot, and returns what to print and what to store."""

from .accuracy import accuracies, metric_title, score
from .loss import loss
from .neighbours import neighbours
from .recall import recall
from .settings import duration, settings
from .sharpness import sharpness

__all__ = ['accuracies', 'duration', 'loss', 'metric_title', 'neighbours', 'recall', 'score', 'settings', 'sharpness']
