"""Accuracy over the number of images removed."""

import pytest

from sslreg.memorization.experiments.records import ConditionRun
from sslreg.memorization.experiments.removal import RemovalCondition
from sslreg.memorization.report.removal_section import removal_curves
from sslreg.memorization.report.run_averages import averaged, plotted_metrics
from sslreg.memorization.score_statistics import MeanStd


def test_removal_curves_start_at_all_images_and_are_means_over_seeds():
    runs = [
        ConditionRun(RemovalCondition(order, number, seed), 'network', {'knn/k20': value})
        for order, number, seed, value in [('none', 0, 0, 50.0), ('most', 9, 0, 40.0), ('most', 9, 1, 44.0)]
    ]
    found = removal_curves(runs, 'knn/k20')
    assert found['most'][0] == MeanStd(50, None)
    assert found['most'][9] == MeanStd(42, pytest.approx(8**0.5))
    assert averaged(runs, 'knn/k20', order='least') is None
    assert plotted_metrics(runs) == ['knn/k20']
