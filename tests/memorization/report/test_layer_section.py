"""LayerMem against values worked out by hand."""

import pytest
import torch

from sslreg.memorization.image_scores import ImageScores
from sslreg.memorization.report.layer_section import end_means
from sslreg.memorization.summary import summarize_layermem


def test_the_ends_of_layermem_are_the_halves_of_four_candidates():
    of_f = torch.tensor([1.0, 1 / 3, 1.0, 3.0])  # SSLMem' of 0, 1/2, 0 and -1/2 for alignment 1 by g
    scores = ImageScores(['conv'], [0], ['candidate'] * 4, torch.arange(4), of_f[None, None], torch.ones(1, 1, 4))
    ends = end_means(scores)
    means = [each['conv'].mean for each in (ends['most'], summarize_layermem(scores), ends['least'])]
    assert means == pytest.approx([0.25, 0, -0.25], abs=1e-7)
