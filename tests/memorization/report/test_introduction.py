"""The first paragraphs of the page."""

import pytest

from sslreg.memorization.report.introduction import claim
from sslreg.memorization.score_statistics import ClaimTest


@pytest.mark.parametrize(
    'difference, p, expected', [(0.1, 0.01, 'yes'), (0.1, 0.2, 'not shown'), (-0.1, 0.99, 'no, the other way round')]
)
def test_a_claim_holds_only_where_the_difference_has_its_sign_and_is_significant(difference, p, expected):
    test = ClaimTest('candidate', 'shared', difference, 1.0, p, p)
    assert test.verdict == expected
    assert claim(test).startswith(f'candidate above shared: {expected}')
