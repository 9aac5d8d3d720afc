"""Figures of the page about memorisation, against ones worked out by hand."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from sslreg.memorization.image_scores import Scores
from sslreg.memorization.report import (
    comparison_page,
    introduction,
    pruning_section,
    removal_section,
    set_sections,
    side_by_side,
)
from sslreg.memorization.report.layer_section import curves
from sslreg.memorization.report.run_averages import averaged, shown_metrics
from sslreg.memorization.scored_study import ScoredStudy, distinct_names


def scored(of_f: list[float], name: str = 'a', index: tuple[int, ...] = (4, 5, 6, 7), data: str = 'x') -> ScoredStudy:
    """One seed and layer, four candidates, alignment by g of 1."""
    found = Scores(['conv'], [0], ['candidate'] * 4, torch.tensor(index), torch.tensor([[of_f]]), torch.ones(1, 1, 4))
    cfg = Config(dict(train_dataloader=dict(dataset=dict(type='PackedImages', data_root=data))))
    return ScoredStudy(name, Path(name), cfg, Path('split.json'), found, 'conv', {})


def test_histograms_have_shares_of_each_set_in_bins_of_all():
    found = set_sections.histograms(dict(candidate=torch.tensor([0.0, 1, 2, 4]), shared=torch.tensor([0.0, 0.1])))
    assert found['edges'] == [0, 1, 2, 3, 4]
    assert found['shares'] == dict(candidate=[0.25, 0.25, 0.25, 0.25], shared=[1, 0, 0, 0])
    assert found['means'] == dict(candidate=1.75, shared=pytest.approx(0.05))


def test_the_ends_of_layermem_are_the_halves_of_four_candidates():
    of_f = torch.tensor([1.0, 1 / 3, 1.0, 3.0])  # SSLMem' of 0, 1/2, 0 and -1/2 for alignment 1 by g
    scores = Scores(['conv'], [0], ['candidate'] * 4, torch.arange(4), of_f[None, None], torch.ones(1, 1, 4))
    found = curves(scores)
    means = [found[end]['conv']['mean'] for end in ('most', 'all', 'least')]
    assert means == pytest.approx([0.25, 0, -0.25], abs=1e-7)


def test_removal_curves_start_at_all_images_and_are_means_over_seeds():
    runs = [
        dict(order=order, number=number, seed=seed, metrics={'knn/k20': value})
        for order, number, seed, value in [('none', 0, 0, 50.0), ('most', 9, 0, 40.0), ('most', 9, 1, 44.0)]
    ]
    found = removal_section.curves(runs, 'knn/k20')
    assert found['most'][0] == dict(mean=50)
    assert found['most'][9] == dict(mean=42, std=pytest.approx(8**0.5))
    assert averaged(runs, 'knn/k20', order='least') == {}
    assert shown_metrics(runs) == ['knn/k20']


def test_pruning_stands_by_share_of_a_layer_and_of_all_beside_the_whole_network():
    runs = [
        dict(order=order, share=share, per=per, seed=seed, metrics={'knn/k20': value})
        for order, share, per, seed, value in [
            ('none', 0.0, 'layer', 0, 50.0),
            ('most', 0.1, 'network', 0, 30.0),
            ('most', 0.1, 'layer', 0, 40.0),
            ('random', 0.1, 'layer', 3, 44.0),
            ('random', 0.1, 'layer', 4, 46.0),
        ]
    ]
    found = pruning_section.groups(runs, 'knn/k20')
    random = dict(mean=45, std=pytest.approx(2**0.5))
    assert found == {
        'whole network': dict(none=dict(mean=50)),
        '10 % per layer': dict(most=dict(mean=40), random=random),
        '10 % overall': dict(most=dict(mean=30)),
    }
    assert pruning_section._rows('knn/k20', found) == [
        ['knn/k20', 'most memorised', 'random'],
        ['whole network', '50.00', '50.00'],
        ['10 % per layer', '40.00', '45.00 ± 1.41'],
        ['10 % overall', '30.00', ''],
    ]


def test_two_studies_of_the_same_images_share_their_most_memorised():
    pair = side_by_side._pair(scored([0.1, 0.2, 0.3, 0.4]), scored([0.4, 0.3, 0.2, 0.1], 'b'))
    assert (pair['studies'], pair['top'], pair['overlap']) == (['a', 'b'], 4, 1)
    assert pair['tau'] == pytest.approx(-1)


@pytest.mark.parametrize(
    'other, reason',
    [
        (scored([0.1] * 4, 'b', index=(6, 7, 8, 9)), 'of other splits, with 2 of 4 and 4 candidates in common'),
        (scored([0.1] * 4, 'b', data='y'), "of other data, dataset.data_root='x' and 'y'"),
    ],
)
def test_studies_of_other_images_cannot_be_compared(other, reason):
    assert reason in side_by_side._pair(scored([0.1] * 4), other)['not_comparable']
    body = side_by_side.agreements([scored([0.1] * 4), other]).body
    assert 'a and b cannot be compared image by image' in body


def test_the_overlap_of_seeds_and_of_studies_stands_beside_that_of_chance(tmp_path):
    seeds = dict(seeds=[3, 4], top=2, overlap=0.5, tau=float('nan'), p=float('nan'))
    pair = dict(studies=['a', 'b'], top=2, overlap=1.0, tau=-1.0, p=0.25)
    studies = [dict(name='a', between_seeds=[seeds]), dict(name='b', between_seeds=[])]
    part = comparison_page.same_images(dict(studies=studies, pairs=[pair]), 8, lambda name: tmp_path / f'{name}.png')
    assert 'By chance 25% would be in both' in part.body
    assert '<th scope="row">a, seeds 3 and 4</th><td>50%</td><td>n/a</td><td>n/a</td>' in part.body
    assert '<th scope="row">a and b</th><td>100%</td><td>-1.000</td><td>0.25</td>' in part.body
    assert [path.name for path in tmp_path.iterdir()] == ['overlaps.png']


@pytest.mark.parametrize(
    'difference, p, expected', [(0.1, 0.01, 'yes'), (0.1, 0.2, 'not shown'), (-0.1, 0.99, 'no, the other way round')]
)
def test_a_claim_holds_only_where_the_difference_has_its_sign_and_is_significant(difference, p, expected):
    assert introduction.verdict(dict(difference=difference, p_welch=p)) == expected


def test_names_are_as_many_parts_of_paths_as_tell_folders_apart():
    assert distinct_names(['x/massl', 'y/massl']) == ['x/massl', 'y/massl']
    assert distinct_names(['x/massl', 'x/npid']) == ['massl', 'npid']
    with pytest.raises(ValueError, match='a folder is given twice'):
        distinct_names(['x/massl', 'x/massl'])
