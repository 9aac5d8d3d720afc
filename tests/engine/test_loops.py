"""Validation and test by benchmarks."""

from pathlib import Path

import pytest
from mmengine.runner import Runner

from sslreg.evaluation import Extractor, FeatureStore, Suite
from sslreg.evaluation.features.wanted import Wanted
from sslreg.evaluation.model import load_model
from sslreg.evaluation.protocols.base import BaseBenchmark
from sslreg.registry import BENCHMARKS
from sslreg.utils.config_files import load_config
from sslreg.utils.earlier_configs import benchmark_of, translate
from tests import toy

BENCHMARK = """
data = dict(type='ToyDataset', pipeline=[dict(type='PackInputs')])
benchmark = dict(
    type='ClassificationBenchmark', train=data, test=data, kinds=[dict(type='Pooled')],
    probes=[dict(type='KNNProbe', ks=(1, 3))])
"""


@BENCHMARKS.register_module(force=True)
class Width(BaseBenchmark):
    """Any protocol, with a metric of its own."""

    def __init__(self, layers=False):
        self.kind = dict(type='PatchTokens') if layers else dict(type='Pooled')

    def wanted(self):
        return dict(images=Wanted(toy.ToyDataset(4, pipeline=[dict(type='PackInputs')]), self.kind))

    def fit(self, model, folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'state').touch()

    def run(self, feats):
        return dict(width=float(feats['images'].shape[-1]))


def test_one_number_from_training_from_the_test_and_from_the_benchmark(tmp_path):
    """The same name and the same value: validation, tools/test.py and --benchmarks are one path."""
    runner = toy.train(tmp_path, epochs=1)
    checkpoint = str(tmp_path / 'epoch_1.pth')
    validated = runner.val_loop.run()
    tested = Runner.from_cfg(toy.config(tmp_path / 'test', load_from=checkpoint, experiment_name='test')).test()
    (tmp_path / 'toy.py').write_text(BENCHMARK)
    suite = Suite.load([str(tmp_path / 'toy.py')])
    suite.prepare()
    model = load_model(toy.config(tmp_path), checkpoint)
    suite.run(Extractor(model, FeatureStore(tmp_path / 'features'), batch_size=10, num_workers=0), tmp_path)
    (benchmark,) = suite
    assert list(validated) == ['pooled/knn/k1/top1', 'pooled/knn/k3/top1']
    assert validated == tested == benchmark.metrics
    assert not list(tmp_path.glob('benchmarks/*'))


def test_any_protocol_runs_during_training_and_is_named_by_its_file(tmp_path):
    (tmp_path / 'width.py').write_text("benchmark = dict(type='Width', layers=True)")
    name = str(tmp_path / 'width.py')
    cfg = toy.config(tmp_path / 'run', epochs=1)
    cfg.val_cfg.benchmarks = [dict(type='Width'), name]
    runner = Runner.from_cfg(cfg)
    runner.train()
    metrics = runner.val_loop.metrics
    assert metrics == {'width': 8, f'{name}/width': 8}
    assert not (tmp_path / 'run' / 'val_state').exists()  # of the state that a protocol kept while it trained
    assert [(metric.measure, metric.kind) for metric in metrics] == [('width', ''), ('width', name)]


def test_what_a_loop_cannot_run_is_an_error_before_training(tmp_path):
    cfg = toy.config(tmp_path)
    cfg.val_cfg.benchmarks = []
    with pytest.raises(ValueError, match=r'BenchmarkTestLoop needs benchmarks=.*, here or in val_cfg'):
        Runner.from_cfg(cfg).test()
    cfg.val_cfg.benchmarks = [dict(type='Width'), dict(type='Width')]
    cfg.experiment_name = 'several'
    with pytest.raises(ValueError, match='2 benchmarks have no name'):
        Runner.from_cfg(cfg).train()
    cfg.val_cfg.benchmarks = toy.config(tmp_path).val_cfg.benchmarks
    cfg.val_cfg.benchmarks[0].probes[0].ks = (25,)
    cfg.experiment_name = 'neighbours'
    with pytest.raises(ValueError, match='a bank of 24 images has no 25 neighbours'):
        Runner.from_cfg(cfg).train()


def earlier(work_dir: Path):
    """The toy's config as of earlier versions."""
    cfg = toy.config(work_dir, epochs=1)
    probe = dict(bank_dataloader=cfg.val_dataloader, probe=dict(type='KNNProbe', ks=(1, 3)))
    cfg.val_cfg, cfg.test_cfg = dict(type='ProbeValLoop', **probe), dict(type='ProbeTestLoop', **probe)
    cfg.val_evaluator = cfg.test_evaluator = dict(type='ProbeAccuracy', prefix='knn')
    cfg.experiment_name = 'earlier'
    cfg.default_hooks.checkpoint.update(save_best='knn/k3', rule='greater')
    return cfg


def test_a_config_of_an_earlier_version_is_evaluated_as_one_of_this(tmp_path):
    expected = toy.train(tmp_path / 'new', epochs=1).val_loop.metrics
    earlier(tmp_path).dump(tmp_path / 'dumped.py')
    cfg = load_config(tmp_path / 'dumped.py')
    assert cfg.val_cfg.type == 'sslreg.engine.BenchmarkValLoop'
    assert cfg.default_hooks.checkpoint.save_best == 'pooled/knn/k3/top1'
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.val_loop.metrics == expected
    assert list(tmp_path.glob('best_pooled_knn_k3_top1_epoch_1.pth'))
    assert runner.test() == expected


def test_a_config_of_an_earlier_version_runs_without_being_translated(tmp_path):
    cfg = earlier(tmp_path)
    cfg.default_hooks.checkpoint.pop('save_best')
    expected = toy.train(tmp_path / 'new', epochs=1).val_loop.metrics
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.val_loop.metrics == runner.test() == expected


def test_an_evaluator_that_loops_do_not_know_is_refused(tmp_path):
    cfg = earlier(tmp_path)
    cfg.val_evaluator = dict(type='mine.Confusion')
    with pytest.raises(ValueError, match=r'mine.Confusion.*write val_cfg=dict\(type=BenchmarkValLoop'):
        translate(cfg)


def test_a_list_of_one_evaluator_is_translated(tmp_path):
    cfg = earlier(tmp_path)
    cfg.val_evaluator = [dict(type='ProbeAccuracy')]  # without a prefix
    cfg.default_hooks.checkpoint.save_best = 'k3'
    translate(cfg)
    assert cfg.val_cfg.type == 'sslreg.engine.BenchmarkValLoop'
    assert cfg.default_hooks.checkpoint.save_best == 'pooled/knn/k3/top1'
    cfg = earlier(tmp_path)
    cfg.val_evaluator = [dict(type='ProbeAccuracy'), dict(type='mine.Confusion')]
    with pytest.raises(ValueError, match='mine.Confusion'):
        translate(cfg)


def test_other_loops_are_left_alone(tmp_path):
    cfg = toy.config(tmp_path)
    before = cfg.pretty_text
    translate(cfg)
    assert cfg.pretty_text == before
    assert benchmark_of(dict(dataset='images'), 'probe')['train'] == 'images'


def test_a_metric_for_the_best_checkpoint_that_does_not_exist_is_told_the_names(tmp_path):
    hook = dict(type='PlainCheckpointHook', save_best='knn/k1', rule='greater')
    with pytest.raises(KeyError, match=r"save_best=\['knn/k1'\] must be among the metrics, pooled/knn/k1/top1, "):
        toy.train(tmp_path, default_hooks__checkpoint=hook)


def test_a_single_benchmark_needs_no_list(tmp_path):
    cfg = toy.config(tmp_path)
    cfg.val_cfg.benchmarks = cfg.val_cfg.benchmarks[0]
    assert [each.name for each in Runner.from_cfg(cfg).build_val_loop(cfg.val_cfg).suite] == ['val_cfg']
