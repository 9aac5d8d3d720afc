"""Label propagation on 4 clips of DAVIS 2016 val with one object each, from ``data/davis_mini/davis_mini.zip``.

For quick checks: numbers are not comparable with those on DAVIS 2017.
"""

from mmengine.config import read_base

with read_base():
    from .davis import *

benchmark.dataset.data_root = 'data/davis_mini/davis_mini.zip'
benchmark.clips = 'sequences.txt'
reference, reference_source = {}, ''
