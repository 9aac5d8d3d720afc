"""LayerMem against values worked out by hand."""

import pytest
import torch

from sslreg.memorization.image_scores import Scores
from sslreg.memorization.report.layer_section import layer_curves


def test_the_ends_of_layermem_are_the_halves_of_four_candidates():
    of_f = torch.tensor([1.0, 1 / 3, 1.0, 3.0])  # SSLMem' of 0, 1/2, 0 and -1/2 for alignment 1 by g
    scores = Scores(['conv'], [0], ['candidate'] * 4, torch.arange(4), of_f[None, None], torch.ones(1, 1, 4))
    found = layer_curves(scores)
    means = [found[end]['conv']['mean'] for end in ('most', 'all', 'least')]
    assert means == pytest.approx([0.25, 0, -0.25], abs=1e-7)
