"""Histograms of the scores of sets."""

import pytest
import torch

from sslreg.memorization.report import set_sections


def test_histograms_have_shares_of_each_set_in_bins_of_all():
    found = set_sections.histograms(dict(candidate=torch.tensor([0.0, 1, 2, 4]), shared=torch.tensor([0.0, 0.1])))
    assert found.edges == [0, 1, 2, 3, 4]
    assert found.shares == dict(candidate=[0.25, 0.25, 0.25, 0.25], shared=[1, 0, 0, 0])
    assert found.means == dict(candidate=1.75, shared=pytest.approx(0.05))
