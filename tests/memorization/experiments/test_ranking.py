import pytest
import torch

from sslreg.memorization.experiments.ranking import ranking

SCORES = torch.tensor([0.1, 0.4, -0.2, 0.4])


def test_ranking_of_equal_scores_takes_the_earlier_place_first():
    rng = torch.Generator()
    assert ranking(SCORES, 'most', rng).tolist() == [1, 3, 0, 2]
    assert ranking(SCORES, 'least', rng).tolist() == [2, 0, 3, 1]
    with pytest.raises(ValueError, match="order='top' must be one of 'most', 'random', 'least'"):
        ranking(SCORES, 'top', rng)
