from .attention import Look, attention_sheet, look
from .benchmarks import write_benchmarks
from .correspondence import correspondence_plot, match
from .network import load_network, read_square
from .page import Section, page
from .plots import Bars, Line, Panel, bar_chart, level, line_panels, smooth
from .sheets import Cell, contact_sheet

__all__ = [
    'Bars',
    'Cell',
    'Line',
    'Look',
    'Panel',
    'Section',
    'attention_sheet',
    'bar_chart',
    'contact_sheet',
    'correspondence_plot',
    'level',
    'line_panels',
    'load_network',
    'look',
    'match',
    'page',
    'read_square',
    'smooth',
    'write_benchmarks',
]
