"""Accuracy over the number of images removed."""

import pytest

from sslreg.memorization.report.removal_section import removal_curves
from sslreg.memorization.report.run_averages import averaged, plotted_metrics


def test_removal_curves_start_at_all_images_and_are_means_over_seeds():
    runs = [
        dict(order=order, number=number, seed=seed, metrics={'knn/k20': value})
        for order, number, seed, value in [('none', 0, 0, 50.0), ('most', 9, 0, 40.0), ('most', 9, 1, 44.0)]
    ]
    found = removal_curves(runs, 'knn/k20')
    assert found['most'][0] == dict(mean=50)
    assert found['most'][9] == dict(mean=42, std=pytest.approx(8**0.5))
    assert averaged(runs, 'knn/k20', order='least') == {}
    assert plotted_metrics(runs) == ['knn/k20']
