"""Entropies of the weights of entries."""

import math

import pytest
import torch

from sslreg.reports.training.measures import distributions
from sslreg.reports.training.sharpness_section import cross_entropy


def test_a_uniform_distribution_has_the_entropy_of_its_block_and_a_sharp_one_none():
    block = torch.eye(4)
    uniform, sharp = (distributions(torch.eye(4)[:1], block, temperature) for temperature in (1e9, 1e-3))
    assert cross_entropy(uniform, uniform) == pytest.approx(math.log(4))
    assert cross_entropy(sharp, sharp) == pytest.approx(0)
