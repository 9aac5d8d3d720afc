"""The tool that trains pairs of encoders and scores what they memorised."""

import importlib.util
import json
import sys

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from sslreg.memorization import splits
from sslreg.memorization.commands import trainings
from tests.memorization import toy_study

from .test_tools import ROOT, run, succeed

QUICKSTART = 'configs/massl/quickstart.py'
SMALL = [  # 76 tiles and 19 of the test set, a second an epoch
    'train_dataloader.dataset.dataset.tiles_per_class=4', 'test_dataloader.dataset.tiles_per_class=1',
    'val_dataloader.dataset.tiles_per_class=1', 'val_cfg.bank_dataloader.dataset.tiles_per_class=4',
    'train_dataloader.batch_size=16', 'train_dataloader.num_workers=0', 'train_cfg.max_epochs=1',
    'model.backbone.stem_channels=8', 'model.backbone.base_channels=8', 'model.neck.in_channels=64',
    'model.memory.length=64',
]  # fmt: skip


@pytest.fixture
def sslmem(monkeypatch):
    """Run the tool in this process, and its trainings too; the list of their configs and work dirs."""
    spec = importlib.util.spec_from_file_location('sslmem', ROOT / 'tools' / 'sslmem.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    started = []

    def train(config, work_dir, tools, gpus):
        started.append(str(work_dir))
        cfg = Config.fromfile(config)
        cfg.update(work_dir=str(work_dir), resume=True, experiment_name=str(work_dir).replace('/', '_'))
        Runner.from_cfg(cfg).train()

    monkeypatch.setattr(trainings, 'start', train)

    def call(*arguments) -> list[str]:
        monkeypatch.setattr(sys, 'argv', ['sslmem.py', *map(str, arguments)])
        started.clear()
        with DefaultScope.overwrite_default_scope('sslreg'):
            tool.main()
        return list(started)

    return call


def test_a_study_is_trained_once_and_scored(sslmem, tmp_path, capsys):
    config, out = toy_study.write(tmp_path / 'mine', toy_study.config()), tmp_path / 'study'
    assert sslmem('train', config, '--out', out) == [str(out / 'seed0' / name) for name in 'fg']
    (out / 'seed1').mkdir()
    with pytest.raises(ValueError, match='not trained to the end: .*/seed1/f, .*/seed1/g'):
        sslmem('score', out)
    assert sslmem('train', config, '--out', out, '--seeds', 0, 1) == [str(out / 'seed1' / name) for name in 'fg']
    split = splits.read(out / 'split.json')
    assert split == splits.in_order(40, 4)
    assert Config.fromfile(out / 'seed1' / 'g' / 'g.py').randomness.seed == 1

    sslmem('score', out, '--layers', 'conv', 'representation', '--num-workers', 0)
    found = json.loads((out / 'scores.json').read_text())
    text = capsys.readouterr().out
    assert 'candidate > extra' in text
    assert 'Delta-LayerMem' in text
    assert list(found['layers']) == list(found['layermem']) == ['conv', 'representation']
    assert found['layers']['representation']['seeds'][0]['seeds'] == [0, 1]
    assert len({network[name] for network in found['networks'] for name in 'fg'}) == 4
    with np.load(out / 'scores.npz') as scores:
        assert scores['sslmem'].shape == (2, 2, 44)
        mean = scores['sslmem'][:, 1, scores['set'] == 'candidate'].mean()
    assert found['layers']['representation']['sets']['candidate']['sslmem']['mean'] == pytest.approx(mean)

    own = [f'--{name}={out}/seed0/{name}/epoch_2.pth' for name in 'fg']
    sslmem('score', config, *own, '--split', out / 'split.json', '--out', tmp_path / 'pair', '--num-workers', 0)
    alone = json.loads((tmp_path / 'pair' / 'scores.json').read_text())
    assert alone['networks'][0] == found['networks'][0]


def test_a_page_about_a_study(sslmem, tmp_path):
    config, out = toy_study.write(tmp_path / 'mine', toy_study.config()), tmp_path / 'study'
    sslmem('train', config, '--out', out)
    with pytest.raises((ValueError, FileNotFoundError), match='sslmem.py score'):
        sslmem('report', out)
    sslmem('score', out, '--layers', 'conv', 'representation', '--num-workers', 0)
    with pytest.raises(ValueError, match="has no scores of layer 'none': choose one of conv, representation"):
        sslmem('report', out, '--layer', 'none')
    sslmem('report', out, '--top', 4)
    page = (out / 'report' / 'report.html').read_text()
    pictures = sorted(path.name for path in (out / 'report').glob('*.png'))
    assert {'histograms.png', 'layers.png', 'most.png', 'least.png'} <= set(pictures)
    assert all(f'href="{name}"' in page for name in pictures)
    assert 'removal' not in json.loads((out / 'report' / 'report.json').read_text())


def test_units_of_an_encoder(sslmem, tmp_path, capsys):
    cfg = toy_study.config(model__backbone__type='ToyReLU')
    config, out = toy_study.write(tmp_path / 'mine', cfg), tmp_path / 'study'
    sslmem('train', config, '--out', out)
    f = ('units', out / 'seed0' / 'f.py', out / 'seed0' / 'f' / 'epoch_2.pth', '--layers', 'act', '--num-workers', 0)
    sslmem(*f, '--split', out / 'split.json', '--set', 'candidate', '--views', 2, '--out', tmp_path / 'units')
    found = json.loads((tmp_path / 'units' / 'units.json').read_text())
    assert (found['measure'], found['set'], found['layers']['act']['number']) == ('UnitMem', 'candidate', 8)
    assert 'UnitMem' in capsys.readouterr().out
    sslmem(*f, '--set', 'test', '--classes', '--out', tmp_path / 'classes')
    with np.load(tmp_path / 'classes' / 'units.npz') as classes:
        assert set(classes['act/most'].tolist()) <= {0, 1}
        assert 0 <= classes['act/scores'].min() <= classes['act/scores'].max() <= 1
    with pytest.raises(ValueError, match='--set candidate is a part of a split: give it by --split'):
        sslmem(*f, '--set', 'candidate', '--out', tmp_path / 'none')


def test_a_study_stays_with_its_config_and_split(sslmem, tmp_path):
    config, out = toy_study.write(tmp_path / 'mine', toy_study.config()), tmp_path / 'study'
    sslmem('train', config, '--out', out)
    with pytest.raises(ValueError, match=r'has a study of another config, config.train_cfg.max_epochs=2 and 3'):
        sslmem('train', config, '--out', out, '--cfg-options', 'train_cfg.max_epochs=3')
    with pytest.raises(ValueError, match='split.json is another split than'):
        sslmem('train', config, '--out', out, '--split', toy_study.split(tmp_path))


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['score', QUICKSTART, '--f', 'f.pth'], 'with a config, --f, --g, --split and --out are needed'),
        (['score', 'tests', '--f', 'f.pth'], 'tests has its own encoders and split: leave out --f'),
    ],
)
def test_arguments_that_do_not_go_together(sslmem, monkeypatch, arguments, message):
    monkeypatch.chdir(ROOT)
    with pytest.raises(ValueError, match=message):
        sslmem(*arguments)


@pytest.mark.slow
def test_the_tool_as_a_user_runs_it(tmp_path):
    out = tmp_path / 'study'
    command = (sys.executable, 'tools/sslmem.py')
    succeed(run(*command, 'train', QUICKSTART, '--out', out, '--split-seed', 1, '--cfg-options', *SMALL))
    assert [len(part) for part in splits.read(out / 'split.json')] == [60, 8, 8, 8]
    score = ('sslmem.py', 'score', out, '--num-workers', 0)
    succeed(run('bash', 'tools/torchrun.sh', '2', *score))
    found = json.loads((out / 'scores.json').read_text())
    assert found['layers']['representation']['sets']['extra']['sslmem']['num_images'] == 8
    text = succeed(run(*command, *score[1:], '--cfg-options', 'train_dataloader.dataset.views.0.gray=0.9'))
    assert 'f was trained on other augmentations than it is scored on: augmentation[0].gray=0.2 and 0.9' in text
