"""Metrics: strings with the meaning of their parts, which files of earlier versions do not store."""

import csv
import json
import pickle

import pytest

from sslreg.evaluation import Evaluation, KNNProbe, LinearProbe, LogisticProbe, Metric, Outcome
from sslreg.evaluation.metric import in_percent, parse, with_metrics

NAMES = [
    'mAP',
    'easy/queries',
    'rotate/mAP_top20',
    'J_decay',
    'cows/J&F',
    'pooled/knn/k20/top5',
    'pooled/logistic/lambda1e-05/top1_std',
    'pooled/linear/sgd-lr0.0001-wd1e-06/top1',
    'classtoken/best/top1',
    'pooled/lars-lr0.1-wd0/top5',
    'multiscale(scales=(1, 0.5))/nearest/many',
    'cifar10/pooled/knn/k20/top1',
    'avg @20',
    'a//b',
    '',
]


def fields(name: str) -> dict:
    return parse(name).fields


@pytest.mark.parametrize('name', NAMES)
def test_a_parsed_metric_has_the_name_that_was_parsed(name):
    assert parse(name) == name
    assert Metric(**fields(name)) == name
    assert pickle.loads(pickle.dumps(parse(name))).fields == fields(name)


def test_parts_are_found_in_names():
    assert fields('cows/J&F') == dict(measure='J&F', group='cows')
    assert fields('easy/queries') == dict(measure='queries', group='easy', unit='count')
    assert fields('J_decay') == dict(measure='J_decay', higher_is_better=False)
    assert fields('classtoken/best/top1') == dict(measure='top1', kind='classtoken', setting='best')
    neighbours = dict(measure='top5', kind='pooled', probe='knn', setting='k20', parameters=dict(k=20))
    assert fields('pooled/knn/k20/top5_std') == neighbours | dict(role='secondary', is_deviation=True)
    assert fields('a/b.py/pooled/knn/k20/top5')['kind'] == 'a/b.py/pooled'
    head = dict(optimizer='lars', lr=0.0001, weight_decay=1e-6)
    assert fields('pooled/linear/lars-lr0.0001-wd1e-06/top1')['parameters'] == head
    assert fields('pooled/linear/lars-lr0.0001-wd1e-06/top1')['role'] == 'grid'


@pytest.mark.parametrize('name', NAMES)
def test_each_metric_has_a_rule_for_the_best_checkpoint(name):
    assert parse(name).rule == ('less' if name.endswith('_decay') else 'greater')


@pytest.mark.parametrize('probe', [KNNProbe(ks=(5, 20)), LogisticProbe(lambdas=(1e-5, 0.1)), LinearProbe()])
def test_what_probes_say_of_their_variants_is_what_is_parsed_from_names(probe):
    """So that results of earlier versions, which have names only, are drawn like new ones."""
    assert probe.parameters()
    for variant, parameters in probe.parameters().items():
        assert parse(f'pooled/probe/{variant}/top1').parameters == parameters


def test_a_deviation_is_a_metric_beside_its_mean():
    metric = Metric('top1', 'pooled', 'knn', 'k20', parameters=dict(k=20))
    assert metric.deviation == 'pooled/knn/k20/top1_std'
    assert metric.deviation.is_deviation
    assert (metric.deviation.source, metric.deviation.parameters) == ('pooled/knn', dict(k=20))


def test_only_shares_are_in_percent():
    shares = in_percent({Metric('mAP'): 0.25, Metric('queries', unit='count'): 70})
    assert shares == dict(mAP=25, queries=70)


def test_fields_of_metrics_are_stored_beside_the_results(tmp_path):
    """They are a key of their own, so that earlier versions, which read ``benchmarks``, read new files too."""
    metric = Metric('error', group='cows', higher_is_better=False, role='secondary')
    Evaluation('ours', {}, dict(a=Outcome({metric: 1.0}))).write(tmp_path)
    found = json.loads((tmp_path / 'results.json').read_text())
    assert found['benchmarks']['a']['metrics'] == {'cows/error': 1.0}
    assert set(found['benchmarks']['a']) == {'metrics', 'about', 'protocol', 'reference', 'source'}
    (read,) = Evaluation.read(tmp_path).benchmarks['a'].metrics
    assert read.fields == metric.fields
    assert list(csv.reader((tmp_path / 'results.csv').open()))[1] == ['a', 'cows/error', '1.0']


def test_results_of_earlier_versions_have_metrics_too(tmp_path):
    outcome = dict(metrics={'easy/queries': 3, 'x/k5/top1': 1.0}, about='', protocol={}, reference={}, source='')
    text = json.dumps(dict(title='old', facts={}, benchmarks=dict(a=outcome)))
    (tmp_path / 'results.json').write_text(text)
    count, accuracy = Evaluation.read(tmp_path).benchmarks['a'].metrics
    assert (count.is_count, accuracy.is_count, accuracy.parameters) == (True, False, dict(k=5))


def test_fields_of_later_versions_are_ignored():
    (metric,) = with_metrics({'x': 1.0}, {'x': dict(measure='x', role='secondary', colour='red')})
    assert (metric, metric.role) == ('x', 'secondary')
