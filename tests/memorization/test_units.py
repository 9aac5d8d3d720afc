import numpy as np
import pytest
import torch

from sslreg.memorization import classmem, unitmem

ONE_UNIT = torch.tensor([[0.5], [3.0], [1.0], [0.5]]).double()


@pytest.mark.parametrize('rest, expected', [('mean', 0.63636364), ('median', 0.71428571)])
def test_unitmem_worked_by_hand(rest, expected):
    assert unitmem(ONE_UNIT, rest).tolist() == pytest.approx([expected])


def test_the_median_is_numpys():
    activations = torch.rand(9, 5)
    ordered = np.sort(activations.numpy(), axis=0)
    most, rest = ordered[-1], np.median(ordered[:-1], axis=0)
    np.testing.assert_allclose(unitmem(activations, 'median').numpy(), (most - rest) / (most + rest), rtol=1e-6)


def test_median_of_an_even_number_is_between_the_middle_two():
    activations = torch.tensor([[5.0], [1.0], [2.0], [3.0], [4.0]])
    assert unitmem(activations, 'median').tolist() == pytest.approx([2.5 / 7.5])


def test_bounds_are_units_that_one_image_or_none_or_all_excite():
    activations = torch.tensor([[2.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    assert unitmem(activations).tolist() == [1, 0, 0]


def test_classmem_is_unitmem_of_the_means_of_classes():
    activations, labels = torch.rand(12, 5), torch.tensor([0] * 5 + [3] * 4 + [4] * 2 + [7])
    means = torch.stack([activations[labels == c].mean(dim=0) for c in (0, 3, 4, 7)])
    torch.testing.assert_close(classmem(activations, labels), unitmem(means))
    torch.testing.assert_close(classmem(activations, labels, 'median'), unitmem(means, 'median'))


@pytest.mark.parametrize(
    'activations, message',
    [
        (torch.ones(1, 2), '1 image has no others'),
        (torch.tensor([[1.0], [-0.5]]), 'activations down to -0.5 are negative'),
    ],
)
def test_what_unitmem_cannot_be_taken_of(activations, message):
    with pytest.raises(ValueError, match=message):
        unitmem(activations)


def test_unknown_rest_is_named():
    with pytest.raises(ValueError, match="rest='mode' must be"):
        unitmem(ONE_UNIT, 'mode')
