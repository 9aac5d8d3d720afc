"""The accuracy of the probe in the report."""

from sslreg.evaluation import KNNProbe, Metric
from sslreg.reports.training.accuracy_section import metric_title


def test_neighbours_are_named_in_headings():
    neighbours = Metric('top1', 'pooled', 'knn', 'k20', parameters=KNNProbe(ks=(20,)).parameters()['k20'])
    assert metric_title(neighbours) == 'k = 20'
    assert metric_title(Metric('linear')) == 'linear'
