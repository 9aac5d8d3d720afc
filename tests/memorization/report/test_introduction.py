"""What the page says of the tests."""

import pytest

from sslreg.memorization.report.introduction import verdict


@pytest.mark.parametrize(
    'difference, p, expected', [(0.1, 0.01, 'yes'), (0.1, 0.2, 'not shown'), (-0.1, 0.99, 'no, the other way round')]
)
def test_a_claim_holds_only_where_the_difference_has_its_sign_and_is_significant(difference, p, expected):
    assert verdict(dict(difference=difference, p_welch=p)) == expected
