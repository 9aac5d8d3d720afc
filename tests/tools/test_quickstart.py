import json
import os
import subprocess

import pytest

from tests.conftest import ROOT
from tests.reports.markup import check_page
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

    page = check_page(tmp_path / 'report.html')
    links = page.attributes('a', 'href')
    assert len(links) == len(page.pictures()) == 5
    assert all((tmp_path / link).stat().st_size > 1000 for link in links)
    assert 'http:' not in ''.join(page.text)
    assert 'https:' not in ''.join(page.text)
