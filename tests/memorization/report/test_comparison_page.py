"""The page that compares studies of the same images."""

from sslreg.memorization.comparison import ComparedStudy, StudyAgreement, StudyComparison
from sslreg.memorization.report.comparison_page import overlap_section
from sslreg.memorization.summary import SeedAgreement


def test_the_overlap_of_seeds_and_of_studies_stands_beside_that_of_chance(tmp_path):
    seeds = SeedAgreement(2, 0.5, float('nan'), float('nan'), 0.25, seeds=[3, 4])
    pair = StudyAgreement(2, 1.0, -1.0, 0.25, 0.25, studies=['a', 'b'])
    studies = [ComparedStudy('a', [3, 4], {}, [], [seeds], 'a'), ComparedStudy('b', [0], {}, [], [], 'b')]
    found = StudyComparison('conv', [], studies, [pair])
    section = overlap_section(found, lambda name: tmp_path / f'{name}.png')
    _, text, table = section.content
    assert 'By chance 25% would be in both' in text
    assert table.rows[1:] == [
        ['a, seeds 3 and 4', '50%', '25%', 'n/a', 'n/a'],
        ['a and b', '100%', '25%', '-1.000', '0.25'],
    ]
    assert [path.name for path in tmp_path.iterdir()] == ['overlaps.png']
