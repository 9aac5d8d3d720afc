"""Results of a model on disk, and tables of them."""

import io
import re
from itertools import product
from pathlib import Path

import pytest
from mmengine.config import Config

from sslreg.evaluation.benchmark_config import load_benchmark
from sslreg.evaluation.description import protocol
from sslreg.evaluation.metric import with_metrics
from sslreg.evaluation.probes import LinearProbe
from sslreg.evaluation.protocols import Wanted
from sslreg.evaluation.results import Evaluation, Outcome, earlier_outcomes
from sslreg.evaluation.tables import Comparison, compare, overview, result_table, short_table
from sslreg.utils.console import plain_console

PAPER = dict(MaSSL=dict(mAP=38.5))


def evaluation(title='ours', **benchmarks):
    return Evaluation(title, dict(date='today'), benchmarks)


def test_results_are_read_as_they_were_written(tmp_path):
    written = evaluation(a=Outcome(dict(mAP=10.0), 'about', dict(data='4 images'), PAPER, 'a poster'))
    written.write(tmp_path / 'out')
    assert Evaluation.read(tmp_path / 'out') == written
    assert (tmp_path / 'out/results.csv').read_text().splitlines() == ['benchmark,metric,value', 'a,mAP,10.0']


@pytest.mark.parametrize(
    'text', ['{"a": {"mAP": 10.0}}', 'no JSON', '[]', '{"title": "", "facts": {}, "benchmarks": []}']
)
def test_what_is_no_result_is_refused(tmp_path, text):
    with pytest.raises(FileNotFoundError, match='results.json does not exist: tools/test.py'):
        Evaluation.read(tmp_path)
    (tmp_path / 'results.json').write_text(text)
    with pytest.raises(ValueError, match='is not what tools/test.py --benchmarks writes'):
        Evaluation.read(tmp_path)


def test_a_run_of_other_benchmarks_adds_to_what_a_folder_has_of_the_network(tmp_path):
    assert earlier_outcomes(tmp_path, 'a1') == {}
    outcome = Outcome(dict(mAP=10.0))
    Evaluation('ours', dict(network='a1'), dict(first=outcome)).write(tmp_path)
    assert earlier_outcomes(tmp_path, 'a1') == dict(first=outcome)
    with pytest.raises(ValueError, match="has results of another network, 'ours': give another folder by --out"):
        earlier_outcomes(tmp_path, 'b2')


def test_papers_stand_beside_the_model_and_the_best_is_marked():
    (comparison,) = compare([evaluation(a=Outcome(dict(mAP=10.0, P=20.0), reference=PAPER))])
    table = short_table(comparison, 'results.csv')
    assert table.cells == [['', 'ours', 'MaSSL'], ['mAP', '10.00', '38.50'], ['P', '20.00', '']]
    assert table.best == {(0, 1)}
    assert table.note == ''


@pytest.mark.parametrize(
    'name, values, best',
    [
        ('mAP', (1, 2), {1}),
        ('mAP', (2.004, 2.001), set()),  # printed alike
        ('mAP', (2.004, 2.001, 1), {0, 1}),
        ('J_decay', (1, 2), {0}),
        ('easy/queries', (1, 2), set()),
        ('mAP', (1,), set()),
    ],
)
def test_the_best_of_a_row_is_the_best_as_printed(name, values, best):
    columns = {str(place): with_metrics({name: value}) for place, value in enumerate(values)}
    assert result_table('', columns, list(columns['0'])).best == {(0, place) for place in best}


def test_deviations_stand_beside_their_means():
    outcome = Outcome(dict(top1=39.2, top1_std=0.4, alone_std=1.0))
    assert Comparison('a', dict(ours=outcome)).table(list(outcome.metrics)[:1]).rows == dict(top1=['39.20 ± 0.40'])
    assert Comparison('a', dict(ours=outcome)).metrics == ['top1', 'alone_std']


def test_a_short_table_has_the_selected_head_and_says_what_it_leaves_out():
    heads = [f'pooled/linear/{head}/top1' for head in LinearProbe().heads]
    metrics = dict.fromkeys(['pooled/knn/k10/top1', 'pooled/linear/selected/top1', *heads], 1.0)
    table = short_table(Comparison('a', dict(ours=Outcome(metrics))), 'results.csv')
    assert list(table.rows) == ['pooled/knn/k10/top1', 'pooled/linear/selected/top1']
    assert table.note == '52 more in results.csv'
    assert (comparison := Comparison('a', dict(ours=Outcome(metrics)))).table(comparison.metrics).rows.keys() == set(
        metrics
    )


def test_a_short_table_of_many_clips_has_the_means_and_what_papers_report():
    metrics = {'J&F': 1.0} | {f'clip{i}/J&F': 1.0 for i in range(30)}
    papers = dict(DINO={'clip3/J&F': 2.0})
    assert Comparison('a', dict(ours=Outcome(metrics, reference=papers))).main == ['J&F', 'clip3/J&F']
    few = {name: metrics[name] for name in ('J&F', 'clip1/J&F')}
    assert Comparison('a', dict(ours=Outcome(few))).main == list(few)


def test_models_are_compared_benchmark_by_benchmark():
    one = evaluation(
        'one', a=Outcome(dict(queries=3, mAP=1.0)), b=Outcome(dict(x=5.0, y=1.0), reference=dict(p=dict(y=3.0)))
    )
    other = evaluation('other', b=Outcome(dict(x=5.0, y=2.0)))
    table = overview(compare([one, other]))
    assert table.cells == [['', 'one', 'other'], ['a: mAP', '1.00', ''], ['b: y', '1.00', '2.00']]
    assert table.best == {(1, 1)}
    with pytest.raises(ValueError, match="two models are named 'one'"):
        compare([one, one])


def test_a_terminal_shows_names_as_they_are():
    columns = {'[b]': with_metrics(dict(x=1.0)), 'c': with_metrics(dict(x=2.0))}
    table = result_table('[a]', columns, list(columns['c']), '3 more in [d]')
    plain_console(file=(file := io.StringIO()), width=80).print(table.rich())
    assert re.findall(r'\[.\]', file.getvalue()) == ['[a]', '[b]', '[d]']


class Images(list):
    """A dataset with a file."""

    def __init__(self, length, file):
        super().__init__(range(length))
        self.ann_file = file


def test_a_protocol_in_words_counts_each_dataset_once():
    cfg = load_benchmark('clothing10')
    cfg.benchmark.subset = dict(images_per_class=1)
    sets = [Images(1200, 'train.npz'), Images(30, 'test.npz')]
    kinds = [dict(type='Pooled'), dict(type='ClassToken', blocks=4)]
    words = protocol(cfg, [Wanted(*pair) for pair in product(sets, kinds)])
    assert words['data'] == '1,200 images of Images train.npz; 30 images of Images test.npz'
    resize = 'ResizeEdge(backend=pillow, edge=short, interpolation=bicubic, scale=112)'
    assert words['transforms'] == f'LoadImage(), {resize}, CenterCrop(crop_size=112), PackInputs()'
    assert words['features'] == 'Pooled(); ClassToken(blocks=4)'
    assert words['protocol'] == (
        'ClassificationBenchmark(probes=[KNNProbe(ks=(10, 20, 100, 200), temperature=0.07), '
        'LogisticProbe(lambdas=(1e-05,))], subset=dict(images_per_class=1))'
    )


def test_papers_figures_in_benchmarks_have_a_source():
    for path in sorted(Path('configs/benchmarks').glob('[!_]*.py')):
        cfg = Config.fromfile(path)
        assert bool(cfg.get('reference')) == bool(cfg.get('reference_source')), path
