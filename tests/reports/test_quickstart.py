import json
import os
import re
import subprocess

import pytest
from mmengine.runner import Runner

from sslreg.models import Recall
from sslreg.models.memories import BaseMemory
from sslreg.registry import MEMORIES
from sslreg.reports.training import ObserverHook
from sslreg.reports.training.run import Run
from sslreg.reports.training.sections import settings, sharpness
from tests import toy
from tests.conftest import ROOT
from tests.warm_python import warm_python

SMALL = [
    'train_cfg.max_epochs=1',
    'train_dataloader.batch_size=16',
    'train_dataloader.num_workers=0',
    'train_dataloader.dataset.dataset.tiles_per_class=3',
    'val_cfg.benchmarks.0.train.tiles_per_class=3',
    'val_dataloader.dataset.tiles_per_class=1',
    'model.backbone.depth=18',
    'model.memory.length=64',
    'model.memory.num_blocks=2',
]


@pytest.mark.slow
def test_the_quick_start_trains_and_reports(tmp_path):
    command = [warm_python(), 'tools/quickstart.py', '--work-dir', str(tmp_path), '--cfg-options', *SMALL]
    environment = dict(os.environ, OMP_NUM_THREADS='1')
    result = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert 'trained network' in result.stdout

    report = json.loads((tmp_path / 'report.json').read_text())
    assert list(report['accuracy']) == ['raw pixels', 'untrained network', 'trained network']
    for metrics in report['accuracy'].values():
        assert all(0 <= value <= 100 for value in metrics.values())
    assert [row['epoch'] for row in report['curve']] == [0, 1]
    assert len(report['history']['loss']) == report['steps'] == 3
    assert report['curve'][-1].items() >= report['accuracy']['trained network'].items()

    page = (tmp_path / 'report.html').read_text()
    links = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(links) == 5
    assert all((tmp_path / link).stat().st_size > 1000 for link in links)
    assert '<script' not in page
    assert 'http' not in page


def test_the_observer_keeps_the_model_and_the_scores_of_before_and_after(tmp_path):
    observer = ObserverHook()
    runner = Runner.from_cfg(toy.config(tmp_path))
    runner.register_hook(observer)
    runner.train()
    assert observer.untrained.memory.num_updates == 0
    assert list(observer.probed) == ['raw pixels', 'untrained network', 'trained network']
    assert [epoch for epoch, _ in observer.curve] == [0, 1, 2]
    assert observer.curve[-1][1] == observer.probed['trained network'].metrics
    assert len(observer.written) == len(runner.model.memory)


def test_the_report_finds_the_temperatures_of_a_joined_head(tmp_path):
    cfg = toy.config(tmp_path)
    alignment = dict(type='AlignmentLoss', weight=0.1)
    cfg.model.head = dict(type='AlignedHead', head=cfg.model.head, alignment=alignment)
    observer = ObserverHook()
    runner = Runner.from_cfg(cfg)
    runner.register_hook(observer)
    runner.train()
    run = Run(runner, observer, tmp_path)
    assert settings(run)[1]['settings']['temperatures'] == 'student 0.1, teacher 0.07 (at the end)'
    assert set(sharpness(run)[1]['distributions']) == {'untrained network', 'trained network'}


@MEMORIES.register_module(force=True)
class ConstantMemory(BaseMemory):
    def read(self, indices):
        return Recall(self.feats)

    def write(self, feats, indices):
        pass


def test_the_observer_refuses_a_memory_whose_entries_it_cannot_trace(tmp_path):
    memory = dict(_delete_=True, type='ConstantMemory', length=16, feat_dim=4)
    runner = Runner.from_cfg(toy.config(tmp_path, model__memory=memory))
    runner.register_hook(ObserverHook())
    with pytest.raises(TypeError, match='QueueMemory, not of a ConstantMemory'):
        runner.train()
