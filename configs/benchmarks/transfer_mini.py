"""Transfer as in transfer.py, to four small sets; no published numbers. Data: docs/data.md.

    python tools/test.py CONFIG CHECKPOINT --benchmarks transfer_mini
"""

from mmengine.config import read_base

with read_base():
    from .transfer import *

group = ['cifar10', 'tinyimagenet_a', 'fashion_mnist', 'clothing10']
reference, reference_source = {}, ''
