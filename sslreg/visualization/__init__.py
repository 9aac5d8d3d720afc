from .html import Section, page
from .observer import ObserverHook
from .plots import Line, Panel, level, line_panels, smooth
from .progress import ProgressHook
from .report import write_report
from .sheets import Cell, contact_sheet

__all__ = [
    'Cell',
    'Line',
    'ObserverHook',
    'Panel',
    'ProgressHook',
    'Section',
    'contact_sheet',
    'level',
    'line_panels',
    'page',
    'smooth',
    'write_report',
]
