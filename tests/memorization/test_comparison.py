"""Studies of the same images side by side, against figures worked out by hand."""

import math

import pytest
import torch

from sslreg.memorization.comparison import (
    StudyComparison,
    compare_pair,
    compare_studies,
    ordered_candidates,
)
from sslreg.memorization.image_scores import ImageScores
from sslreg.memorization.terminal_tables import comparison_tables
from tests.memorization.toy_scores import scores


@pytest.fixture
def compared(scored):
    """A function that compares studies, given by their scores."""

    def make(top=None, **studies: ImageScores) -> StudyComparison:
        return compare_studies([scored(name, found) for name, found in studies.items()], top)

    return make


def test_sets_of_a_study_are_those_of_its_scores(compared):
    found = compared(a=scores([0.5, 0.25, 0.25, 0.5], [0.5, 0.5, 0.75, 0.75])).studies[0]
    assert found.seeds == [3, 4]
    means = found.sets['candidate'].sslmem
    assert means.mean == pytest.approx((0.625 + 0.375) / 2)
    assert means.std == pytest.approx(0.25 / 2**0.5)
    assert found.sets['shared'].sslmem_prime.mean == 0
    (test,) = found.tests
    assert (test.higher, test.lower, test.difference) == ('candidate', 'shared', pytest.approx(0.5))


def test_two_studies_agree_by_the_means_over_their_seeds(compared):
    """Images 5 and 4 lead in a by 0.6 and 0.5, images 4 and 5 in b by 0.8 and 0.7: the same two in another order."""
    a = scores([0.6, 0.2, 0.9, 0.9], [0.4, 0.6, 0.9, 0.9])
    b = scores([0.2, 0.3, 0.9, 0.8])
    (pair,) = compared(2, a=a, b=b).pairs
    assert (pair.studies, pair.top, pair.overlap, pair.tau) == (['a', 'b'], 2, 1, pytest.approx(-1))
    (pair,) = compared(2, a=a, b=scores([0.9, 0.2, 0.3, 0.9])).pairs
    assert pair.overlap == 0.5
    assert math.isnan(pair.tau)  # of one image in both
    assert [compared(top, a=a, b=b).pairs[0].top for top in (None, 3, 9)] == [1, 3, 4]
    assert compared(3, a=a, b=b).pairs[0].chance == 0.75


def test_images_are_told_by_their_index_not_by_their_place(scored, compared):
    a, b = scores([0.1, 0.2, 0.3, 0.4]), scores([0.4, 0.3, 0.2, 0.1], index=(7, 6, 5, 4))
    torch.testing.assert_close(ordered_candidates(scored('a', a)), ordered_candidates(scored('b', b)))
    (pair,) = compared(4, a=a, b=b).pairs
    assert pair.tau == pytest.approx(1)


def test_overlaps_have_the_seeds_of_a_study_on_the_diagonal(compared):
    """Seeds 3 and 4 of a share one of two images, 3 and 5 both, 4 and 5 one; b has one seed."""
    a = scores([0.1, 0.2, 0.9, 0.9], [0.1, 0.9, 0.2, 0.9], [0.2, 0.1, 0.9, 0.9])
    found = compared(2, a=a, b=scores([0.9, 0.9, 0.1, 0.2]))
    assert [(pair.seeds, pair.overlap) for pair in found.studies[0].between_seeds] == [
        ([3, 4], 0.5),
        ([3, 5], 1),
        ([4, 5], 0.5),
    ]
    (own, other), (back, none) = found.overlaps()
    assert (own, other, back) == (pytest.approx(2 / 3), 0, 0)
    assert math.isnan(none)
    means, shares, ranks = comparison_tables(found)
    assert [list(column.cells) for column in shares.columns] == [['a', 'b'], ['67%', '0%'], ['0%', '']]
    assert list(means.columns[0].cells) == ['a', 'b']
    assert list(ranks.columns[0].cells) == ['a and b']


@pytest.mark.parametrize(
    'other, reason',
    [
        (dict(found=scores([0.1] * 4, index=(6, 7, 8, 9))), 'of other splits, with 2 of 4 and 4 candidates in common'),
        (dict(data='y'), "of other data, dataset.data_root='x' and 'y'"),
    ],
)
def test_a_pair_of_other_images_says_why_it_cannot_be_compared(scored, other, reason):
    found = compare_pair(scored(), scored('b', **other))
    assert (found.studies, reason in found.not_comparable) == (['a', 'b'], True)


def test_a_pair_of_the_same_images_shares_its_most_memorised(scored):
    for other, overlap in (([0.4, 0.3, 0.2, 0.1], 0), ([0.1, 0.3, 0.2, 0.4], 1)):
        pair = compare_pair(scored(found=scores([0.1, 0.2, 0.3, 0.4])), scored('b', scores(other)))
        assert (pair.studies, pair.top, pair.overlap, pair.chance) == (['a', 'b'], 1, overlap, 0.25)
