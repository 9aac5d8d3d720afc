"""Groups of benchmarks: what is averaged, and the table beside the papers'."""

import io
import re

import pytest
from mmengine.config import Config
from rich.console import Console

from sslreg.evaluation import Benchmark, Suite
from sslreg.evaluation.group import Group

METRICS = {'near': 'k1', 'far': 'k2'}
GROUP = Config(dict(group=['a', 'b'], metric='k1', averages=METRICS, reference=dict(MaSSL=dict(near=2.0, far=4.0))))
CONFIGS = dict(
    a=Config(dict(reference=dict(MaSSL=dict(k1=1.0), other=dict(k9=0.0)))),
    b=Config(dict(reference=dict(MaSSL=dict(k1=3.0), DINO=dict(k1=5.0)))),
)
RESULTS = dict(a=dict(k1=10.0, k2=20.0), b=dict(k1=30.0, k2=60.0))


def group(results, cfg=GROUP):
    """A group whose benchmarks have these results."""
    return Group('group', cfg, [Benchmark(name, each, results.get(name, {})) for name, each in CONFIGS.items()])


def outcomes(results, cfg=GROUP):
    return Suite([], [group(results, cfg)]).outcomes()


def rows(results):
    table = group(results).table('this model')
    return list(table.columns), [(name, *values) for name, values in table.rows.items()], table


def test_averages_over_the_benchmarks():
    outcome = outcomes(RESULTS)['group']
    assert outcome.metrics == dict(near=20.0, far=40.0)
    assert outcome.reference == dict(MaSSL=dict(near=2.0, far=4.0))


def test_a_row_for_the_model_and_for_each_paper():
    header, cells, table = rows(RESULTS)
    assert header == ['a', 'b', 'near', 'far']
    assert cells == [
        ('this model', '10.0', '30.0', '20.0', '40.0'),
        ('MaSSL', '1.0', '3.0', '2.0', '4.0'),
        ('DINO', '', '5.0', '', ''),
    ]
    assert 'left out' not in table.note


@pytest.mark.parametrize('part', [dict(a=RESULTS['a']), dict(a=RESULTS['a'], b=dict(k1=30.0))])
def test_what_was_not_evaluated_enters_no_average_and_is_named(part):
    """Nor are papers' averages shown, which are over all."""
    header, cells, table = rows(part)
    assert header == ['a', 'near', 'far']
    assert cells == [('this model', '10.0', '10.0', '20.0'), ('MaSSL', '1.0', '', '')]
    assert 'averages over 1 datasets (left out: b)' in table.note
    assert outcomes(part)['group'].reference == {}


@pytest.mark.parametrize('results', [{}, dict(a=dict(k2=20.0))])
def test_a_group_of_which_nothing_was_evaluated_has_an_empty_row_and_no_record(results):
    """Such as one whose config has the name of a metric wrong."""
    _, cells, table = rows(results)
    assert cells == [('this model', '', '')]
    assert 'averages over 0 datasets (left out: a, b)' in table.note
    assert outcomes(results) == {}


def test_a_group_without_averages_has_no_record():
    assert outcomes(RESULTS, Config(dict(group=['a'], metric='k1', averages={}))) == {}


def test_a_group_brings_its_benchmarks(tmp_path):
    suite = Suite.load(['transfer_mini', 'cifar10'], str(tmp_path))
    configs = {each.name: each.cfg for each in suite}
    assert list(configs) == ['cifar10', 'tinyimagenet_a', 'fashion_mnist', 'clothing10']
    assert [each.name for each in suite.groups] == ['transfer_mini']
    assert configs['clothing10'].benchmark.train.data_root == str(tmp_path / 'clothing10')


def test_what_a_group_leaves_out_is_not_run(tmp_path):
    text = "group = ['cifar10', 'clothing10']\nmetric = 'k1'\naverages = {}\n"
    (tmp_path / 'own.py').write_text(text + "without = ['cifar10']\n")
    assert [each.name for each in Suite.load([str(tmp_path / 'own.py')])] == ['clothing10']
    (tmp_path / 'own.py').write_text(text + "without = ['cars']\n")
    with pytest.raises(ValueError, match="without=.'cars'. names .'cars'., not in group="):
        Suite.load([str(tmp_path / 'own.py')])


def test_a_group_of_groups_is_refused(tmp_path):
    (tmp_path / 'own.py').write_text("group = ['transfer_mini']\nmetric = 'k1'\naverages = {}\n")
    with pytest.raises(ValueError, match='transfer_mini.py is no benchmark'):
        Suite.load([str(tmp_path / 'own.py')])


def test_a_group_says_what_is_averaged(tmp_path):
    (tmp_path / 'own.py').write_text("group = ['a']\nmetric = 'k1'\n")
    with pytest.raises(ValueError, match=r"own.py has a group of benchmarks, but lacks \['averages'\]"):
        Suite.load([str(tmp_path / 'own.py')])


def test_averages_of_the_poster_are_those_of_its_datasets():
    suite = Suite.load(['transfer'])
    assert len(suite) == 8
    for paper, published in suite.groups[0].cfg.reference.items():
        values = [each.cfg.reference[paper]['pooled/knn/k20/top1'] for each in suite]
        assert sum(values) / 8 == pytest.approx(published['avg @20'], abs=0.0501)


def test_no_number_is_cut_in_80_characters():
    suite = Suite.load(['transfer'])
    metrics = {f'pooled/knn/k{k}/top1': 12.3 for k in (10, 20, 100, 200)}
    for each in suite:
        each.metrics = metrics
    console = Console(width=80, file=io.StringIO())
    (table,) = suite.tables('vitb_800e, epoch_800')
    console.print(table.rich())
    text = console.file.getvalue()
    assert text.count('12.3') == 12
    published = ['91.6', '84.6', '41.1', '33.3', '15.7', '72.5', '98.8', '69.3', '63.3', '63.4', '62.4', '61.8']
    assert any(re.findall(r'\d+\.\d', line) == published for line in text.splitlines())
