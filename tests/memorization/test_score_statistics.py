import math

import pytest
import torch
from scipy import special

from sslreg.memorization import agreement, compare_sets
from sslreg.memorization.score_statistics import number_of_top

SCORES = dict(candidate=torch.tensor([3.0, 5.0, 4.0]), shared=torch.tensor([1.0, 2.0]))


def test_student_and_welch_worked_by_hand():
    """Means 4 and 1.5, variances 1 and 0.5; pooled (2 + 0.5) / 3."""
    (found,) = compare_sets(SCORES)
    assert (found.higher, found.lower) == ('candidate', 'shared')
    assert found.difference == 2.5
    assert found.effect == pytest.approx(2.5 / math.sqrt(2.5 / 3))
    student = 2.5 / math.sqrt(2.5 / 3 * (1 / 3 + 1 / 2))
    assert found.p_student == pytest.approx(1 - special.stdtr(3, student))
    a, b = 1 / 3, 0.5 / 2
    freedom = (a + b) ** 2 / (a**2 / 2 + b**2 / 1)
    assert found.p_welch == pytest.approx(1 - special.stdtr(freedom, 2.5 / math.sqrt(a + b)))


def test_the_direction_is_that_of_the_claim():
    """A p-value near 1 where candidates have the lower scores."""
    (found,) = compare_sets(dict(candidate=SCORES['shared'], shared=SCORES['candidate']))
    assert found.difference == -2.5
    assert found.p_student > 0.95


def test_all_four_claims_of_four_sets():
    sets = {name: torch.randn(9) for name in ('shared', 'candidate', 'independent', 'extra')}
    assert [(each.higher, each.lower) for each in compare_sets(sets)] == [
        ('candidate', 'shared'),
        ('candidate', 'extra'),
        ('shared', 'independent'),
        ('extra', 'independent'),
    ]


def test_one_score_is_too_few():
    with pytest.raises(ValueError, match='shared: a test needs at least 2'):
        compare_sets(SCORES | dict(shared=torch.ones(1)))


def test_agreement_of_the_most_memorised_worked_by_hand():
    """Tops 0, 1, 2, 3 and 1, 0, 2, 5: three in common, of whose three pairs one is turned round."""
    found = agreement(torch.tensor([9, 8, 7, 6, 1, 2]), torch.tensor([8, 9, 7, 1, 2, 6]), k=4)
    assert found.overlap == 0.75
    assert found.tau == pytest.approx(1 / 3)
    assert found.chance == 4 / 6


def test_the_compared_list_is_a_third_of_the_candidates_at_most():
    assert [number_of_top(number) for number in (1, 2, 48, 299, 300, 5_000)] == [1, 1, 16, 99, 100, 100]
    assert [number_of_top(48, top) for top in (5, 24, 100)] == [5, 24, 48]


def test_more_than_there_are_cannot_agree():
    with pytest.raises(ValueError, match='cannot compare rankings of 3 and 3 images: .* at least k=4 of them'):
        agreement(torch.ones(3), torch.ones(3), k=4)
