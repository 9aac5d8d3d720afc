"""Figures of the page about memorisation, against ones worked out by hand."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from sslreg.memorization import Study
from sslreg.memorization.comparison import ComparedStudy, StudyAgreement, StudyComparison
from sslreg.memorization.experiments.pruning import PruningCondition
from sslreg.memorization.experiments.records import ConditionRun
from sslreg.memorization.experiments.removal import RemovalCondition
from sslreg.memorization.image_scores import ImageScores
from sslreg.memorization.report import (
    comparison_page,
    pruning_section,
    removal_section,
    set_sections,
    side_by_side,
)
from sslreg.memorization.report.layer_section import end_means
from sslreg.memorization.report.run_averages import averaged, shown_metrics
from sslreg.memorization.score_settings import Protocol, ScoreSettings
from sslreg.memorization.score_statistics import ClaimTest, MeanStd
from sslreg.memorization.scored_study import ScoredStudy, distinct_names
from sslreg.memorization.summary import SeedAgreement, summarize_layermem


def scored(of_f: list[float], name: str = 'a', index: tuple[int, ...] = (4, 5, 6, 7), data: str = 'x') -> ScoredStudy:
    """One seed and layer, four candidates, alignment by g of 1."""
    found = ImageScores(
        ['conv'], [0], ['candidate'] * 4, torch.tensor(index), torch.tensor([[of_f]]), torch.ones(1, 1, 4)
    )
    cfg = Config(dict(train_dataloader=dict(dataset=dict(type='PackedImages', data_root=data))))
    settings = ScoreSettings('config.py', 'split.json', Protocol(), '', [])
    return ScoredStudy(name, Study(cfg, Path('split.json'), Path(name)), found, 'conv', settings)


def test_histograms_have_shares_of_each_set_in_bins_of_all():
    found = set_sections.histograms(dict(candidate=torch.tensor([0.0, 1, 2, 4]), shared=torch.tensor([0.0, 0.1])))
    assert found['edges'] == [0, 1, 2, 3, 4]
    assert found['shares'] == dict(candidate=[0.25, 0.25, 0.25, 0.25], shared=[1, 0, 0, 0])
    assert found['means'] == dict(candidate=1.75, shared=pytest.approx(0.05))


def test_the_ends_of_layermem_are_the_halves_of_four_candidates():
    of_f = torch.tensor([1.0, 1 / 3, 1.0, 3.0])  # SSLMem' of 0, 1/2, 0 and -1/2 for alignment 1 by g
    scores = ImageScores(['conv'], [0], ['candidate'] * 4, torch.arange(4), of_f[None, None], torch.ones(1, 1, 4))
    ends = end_means(scores)
    means = [each['conv'].mean for each in (ends['most'], summarize_layermem(scores), ends['least'])]
    assert means == pytest.approx([0.25, 0, -0.25], abs=1e-7)


def test_removal_curves_start_at_all_images_and_are_means_over_seeds():
    runs = [
        ConditionRun(RemovalCondition(order, number, seed), 'network', {'knn/k20': value})
        for order, number, seed, value in [('none', 0, 0, 50.0), ('most', 9, 0, 40.0), ('most', 9, 1, 44.0)]
    ]
    found = removal_section.removal_curves(runs, 'knn/k20')
    assert found['most'][0] == MeanStd(50, None)
    assert found['most'][9] == MeanStd(42, pytest.approx(8**0.5))
    assert averaged(runs, 'knn/k20', order='least') is None
    assert shown_metrics(runs) == ['knn/k20']


def test_pruning_stands_by_share_of_a_layer_and_of_all_beside_the_whole_network():
    runs = [
        ConditionRun(PruningCondition(order, share, per, seed), 'network', {'knn/k20': value})
        for order, share, per, seed, value in [
            ('none', 0.0, 'layer', 0, 50.0),
            ('most', 0.1, 'network', 0, 30.0),
            ('most', 0.1, 'layer', 0, 40.0),
            ('random', 0.1, 'layer', 3, 44.0),
            ('random', 0.1, 'layer', 4, 46.0),
        ]
    ]
    found = pruning_section.pruned_groups(runs, 'knn/k20')
    random = MeanStd(45, pytest.approx(2**0.5))
    assert found == {
        'whole network': dict(none=MeanStd(50, None)),
        '10 % per layer': dict(most=MeanStd(40, None), random=random),
        '10 % overall': dict(most=MeanStd(30, None)),
    }
    assert pruning_section.group_rows('knn/k20', found) == [
        ['knn/k20', 'most memorised', 'random'],
        ['whole network', '50.00', '50.00'],
        ['10 % per layer', '40.00', '45.00 ± 1.41'],
        ['10 % overall', '30.00', ''],
    ]


@pytest.mark.parametrize(
    'other', [scored([0.1] * 4, 'b', index=(6, 7, 8, 9)), scored([0.1] * 4, 'b', data='y')], ids=['split', 'data']
)
def test_studies_of_other_images_cannot_be_compared(other):
    body = side_by_side.agreements([scored([0.1] * 4), other]).body
    assert 'a and b cannot be compared image by image' in body


def test_the_overlap_of_seeds_and_of_studies_stands_beside_that_of_chance(tmp_path):
    seeds = SeedAgreement(2, 0.5, float('nan'), float('nan'), seeds=[3, 4])
    pair = StudyAgreement(2, 1.0, -1.0, 0.25, studies=['a', 'b'])
    studies = [ComparedStudy('a', [3, 4], {}, [], [seeds], 'a'), ComparedStudy('b', [0], {}, [], [], 'b')]
    found = StudyComparison('conv', [], studies, [pair])
    part = comparison_page.same_images(found, 8, lambda name: tmp_path / f'{name}.png')
    assert 'By chance 25% would be in both' in part.body
    assert '<th scope="row">a, seeds 3 and 4</th><td>50%</td><td>n/a</td><td>n/a</td>' in part.body
    assert '<th scope="row">a and b</th><td>100%</td><td>-1.000</td><td>0.25</td>' in part.body
    assert [path.name for path in tmp_path.iterdir()] == ['overlaps.png']


@pytest.mark.parametrize(
    'difference, p, expected', [(0.1, 0.01, 'yes'), (0.1, 0.2, 'not shown'), (-0.1, 0.99, 'no, the other way round')]
)
def test_a_claim_holds_only_where_the_difference_has_its_sign_and_is_significant(difference, p, expected):
    assert ClaimTest('candidate', 'shared', difference, 1.0, p, p).verdict == expected


def test_names_are_as_many_parts_of_paths_as_tell_folders_apart():
    assert distinct_names(['x/massl', 'y/massl']) == ['x/massl', 'y/massl']
    assert distinct_names(['x/massl', 'x/npid']) == ['massl', 'npid']
    with pytest.raises(ValueError, match='a folder is given twice'):
        distinct_names(['x/massl', 'x/massl'])
