"""Studies beside each other."""

import pytest

from sslreg.memorization.report.side_by_side import agreement_section

from .toy_scored import scored


def test_two_studies_of_the_same_images_share_their_most_memorised():
    studies = [scored([0.1, 0.2, 0.3, 0.4]), scored([0.1, 0.3, 0.2, 0.4], 'b')]
    section = agreement_section(studies)
    (pair,) = section.figures['pairs']
    assert (pair['studies'], pair['top'], pair['overlap'], pair['chance']) == (['a', 'b'], 1, 1, 0.25)
    assert section.content[0].rows[:2] == [
        ['studies', 'most memorised', 'in both', 'by chance', "Kendall's tau", 'p'],
        ['a and b', '1', '100%', '25%', 'n/a', 'n/a'],
    ]


@pytest.mark.parametrize(
    'other, reason',
    [
        (scored([0.1] * 4, 'b', index=(6, 7, 8, 9)), 'of other splits, with 2 of 4 and 4 candidates in common'),
        (scored([0.1] * 4, 'b', data='y'), "of other data, dataset.data_root='x' and 'y'"),
    ],
    ids=['split', 'data'],
)
def test_studies_of_other_images_cannot_be_compared(other, reason):
    section = agreement_section([scored([0.1] * 4), other])
    (pair,), (text,) = section.figures['pairs'], section.content
    assert reason in pair['not_comparable']
    assert 'a and b cannot be compared image by image' in text
