"""Summaries of scores, worked out by hand."""

import pytest
import torch

from sslreg.memorization.image_scores import ImageScores
from sslreg.memorization.summary import summarize, summarize_layermem


def test_figures_of_two_seeds_and_two_layers_worked_by_hand():
    """Alignment by f is 1, so that by g of 3 is an SSLMem of 2 and an SSLMem' of 1/2."""
    of_g = torch.tensor([[[0.0, 1, 3, 1], [0, 1, 3, 3]], [[0, 1, 1, 1], [0, 1, 3, 3]]])  # two shared, two candidates
    sets = ['shared'] * 2 + ['candidate'] * 2
    scores = ImageScores(['a', 'b'], [0, 1], sets, torch.arange(4), torch.ones_like(of_g), of_g)
    found = summarize(scores)['a'].sets['candidate']
    assert found.sslmem.mean == 0.5
    assert found.sslmem.quantiles['0.5'] == 0.5  # of the images' means over seeds, 1 and 0
    assert found.sslmem_range.mean == pytest.approx((2 / 3 / 2 + 0) / 2)  # ranges from -1 to 2 and from -1 to 0
    assert found.sslmem_prime.std == pytest.approx(0.25 / 2**0.5)
    layers = summarize_layermem(scores)
    assert [layers[name].mean for name in 'ab'] == pytest.approx([0.125, 0.5])
    assert [layers[name].std for name in 'ab'] == pytest.approx([0.25 / 2**0.5, 0])
    assert layers['b'].delta == pytest.approx(0.375)


def test_a_single_seed_has_no_deviation_and_agrees_with_none():
    scores = ImageScores(
        ['a'], [0], ['candidate'] * 2, torch.arange(2), torch.ones(1, 1, 2), torch.tensor([[[1.0, 3]]])
    )
    found = summarize(scores)['a']
    assert (found.sets['candidate'].sslmem.std, found.seeds, found.tests) == (None, None, [])
    assert list(found.sets) == ['candidate']
