"""Run by test_views.py in a process of its own: Triton interprets only what is defined after the switch is set."""

import os

os.environ['TRITON_INTERPRET'] = '1'

import torch

from sslreg.datasets.views.colors.torch import adjust_by_torch
from sslreg.datasets.views.colors.triton import adjust_batch
from tests.datasets.test_views import STRONG, draw, parts, read_photo

color = draw([dict(size=40, **STRONG)], 16).color[:, 0]
views, settings = torch.from_numpy(parts(read_photo(), 16, 40)), torch.from_numpy(color)
assert torch.equal(adjust_batch(views, settings).float(), adjust_by_torch(views, settings, settings))
print('equal')
