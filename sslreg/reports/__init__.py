"""Reports: HTML pages, plots, contact sheets, attention maps and correspondences."""

from .attention_maps import PatchMaps, attention_sheet, patch_maps
from .benchmarks import write_benchmarks
from .charts import Bars, bar_chart
from .correspondence import correspondence_plot, match
from .network import load_network, read_square
from .page import Facts, Image, Section, Table, merge_figures, write_page
from .plots import Line, Panel, level, line_panels, smooth
from .sheets import Cell, contact_sheet

__all__ = [
    'Bars',
    'Cell',
    'Facts',
    'Image',
    'Line',
    'Panel',
    'PatchMaps',
    'Section',
    'Table',
    'attention_sheet',
    'bar_chart',
    'contact_sheet',
    'correspondence_plot',
    'level',
    'line_panels',
    'load_network',
    'match',
    'merge_figures',
    'patch_maps',
    'read_square',
    'smooth',
    'write_benchmarks',
    'write_page',
]
