"""Metrics of networks under several conditions, kept in a file."""

import json
from typing import NamedTuple

import pytest
from torch import nn

from sslreg.memorization.experiments.pruning import PruningCondition
from sslreg.memorization.experiments.records import Record, read_runs


class Condition(NamedTuple):
    order: str
    seed: int


class Network(nn.Module):
    """Network with a weight that its benchmark finds."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.feature_backbone, self.data_preprocessor = nn.Linear(1, 1), nn.Identity()
        nn.init.constant_(self.feature_backbone.weight, value)
        nn.init.zeros_(self.feature_backbone.bias)


class Weights:
    """Stands for benchmarks; ``made`` are the names of those that ran."""

    def __init__(self, *names: str) -> None:
        self.names, self.made = names, []

    def metrics(self, model, folder, known):
        left = [name for name in self.names if f'{name}/value' not in known]
        self.made += left
        return known | {f'{name}/value': model.feature_backbone.weight.item() for name in left}


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'study' / 'removal.json'


def record(path, **about):
    return Record(path, Condition, dict(config='c', layer='a') | about, ('layer',))


def test_runs_are_written_after_each_and_not_made_again(path):
    one, other, benchmarks = Condition('most', 0), Condition('random', 0), Weights('x')
    record(path).complete(one, Network(1), benchmarks)
    found = json.loads(path.read_text())
    assert [(run['order'], run['metrics']) for run in found['runs']] == [('most', {'x/value': 1})]
    again, written = record(path), path.stat().st_mtime_ns
    again.complete(one, Network(1), benchmarks)
    assert path.stat().st_mtime_ns == written
    again.complete(other, Network(2), benchmarks)
    assert benchmarks.made == ['x', 'x']
    assert [run.metrics['x/value'] for run in again.of([other, one])] == [2, 1]
    assert json.loads(path.read_text())['runs'] == [run.to_json() for run in again.runs]
    assert [file.name for file in path.parent.iterdir()] == ['removal.json']


def test_another_benchmark_is_added_and_another_network_takes_the_place(path):
    condition = Condition('most', 0)
    record(path).complete(condition, Network(1), Weights('x'))
    more = Weights('x', 'y')
    record(path).complete(condition, Network(1), more)
    assert more.made == ['y']
    retrained = record(path)
    retrained.complete(condition, Network(3), Weights('x'))
    assert [run.metrics for run in retrained.runs] == [{'x/value': 3}]


def test_runs_of_another_kind_are_not_mixed(path):
    record(path).complete(Condition('most', 0), Network(1), Weights('x'))
    assert len(record(path, config='moved').runs) == 1
    with pytest.raises(ValueError, match=r'removal.json has results of other layer \(a, not b\): move it away'):
        record(path, layer='b')


def test_runs_of_earlier_versions_are_read_and_written_alike():
    written = [
        dict(order='none', share=0.0, per='layer', seed=0, network='1a', metrics={'x/value': 1.0}),
        dict(order='most', share=0.25, per='network', seed=0, network='2b', metrics={}),
    ]
    runs = read_runs(written, PruningCondition)
    assert runs[1].condition == PruningCondition('most', 0.25, 'network', 0)
    assert [run.to_json() for run in runs] == written
