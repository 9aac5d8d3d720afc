"""Accuracy without the units that memorise most."""

import pytest

from sslreg.memorization.experiments.pruning import PruningCondition
from sslreg.memorization.experiments.records import ConditionRun
from sslreg.memorization.report.pruning_section import group_rows, pruned_groups
from sslreg.memorization.score_statistics import MeanStd


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
    found = pruned_groups(runs, 'knn/k20')
    random = MeanStd(45, pytest.approx(2**0.5))
    assert found == {
        'whole network': dict(none=MeanStd(50, None)),
        '10 % per layer': dict(most=MeanStd(40, None), random=random),
        '10 % overall': dict(most=MeanStd(30, None)),
    }
    assert group_rows('knn/k20', found) == [
        ['knn/k20', 'most memorised', 'random'],
        ['whole network', '50.00', '50.00'],
        ['10 % per layer', '40.00', '45.00 ± 1.41'],
        ['10 % overall', '30.00', ''],
    ]
