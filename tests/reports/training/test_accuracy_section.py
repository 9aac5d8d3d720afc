"""The accuracy of the probe in the report."""

from sslreg.reports.training.accuracy_section import metric_title


def test_neighbours_are_named_in_headings():
    assert metric_title('knn/k20') == 'k = 20'
    assert metric_title('linear') == 'linear'
