"""The page that compares studies of the same images."""

from sslreg.memorization.report.comparison_page import overlap_section


def test_the_overlap_of_seeds_and_of_studies_stands_beside_that_of_chance(tmp_path):
    seeds = dict(seeds=[3, 4], top=2, overlap=0.5, tau=float('nan'), p=float('nan'))
    pair = dict(studies=['a', 'b'], top=2, overlap=1.0, tau=-1.0, p=0.25)
    studies = [dict(name='a', between_seeds=[seeds]), dict(name='b', between_seeds=[])]
    section = overlap_section(dict(studies=studies, pairs=[pair]), 8, lambda name: tmp_path / f'{name}.png')
    _, text, table = section.content
    assert 'By chance 25% would be in both' in text
    assert table.rows[1:] == [
        ['a, seeds 3 and 4', '50%', 'n/a', 'n/a'],
        ['a and b', '100%', '-1.000', '0.25'],
    ]
    assert [path.name for path in tmp_path.iterdir()] == ['overlaps.png']
