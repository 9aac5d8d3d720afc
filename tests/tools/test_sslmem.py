"""The tool that trains pairs of encoders and scores what they memorised."""

import importlib.util
import json
import shutil
import sys

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from sslreg.memorization.commands import prune_command, start_training
from sslreg.memorization.split import Split, drawn_split
from tests.memorization import toy_study
from tests.warm_python import warm_python

from .test_tools import ROOT, run, succeed

QUICKSTART = 'configs/massl/quickstart.py'
SMALL = [  # 76 tiles and 19 of the test set, a second an epoch
    'train_dataloader.dataset.dataset.tiles_per_class=4', 'test_dataloader.dataset.tiles_per_class=1',
    'val_dataloader.dataset.tiles_per_class=1', 'val_cfg.benchmarks.0.train.tiles_per_class=4',
    'train_dataloader.batch_size=16', 'train_dataloader.num_workers=0', 'train_cfg.max_epochs=1',
    'model.backbone.stem_channels=8', 'model.backbone.base_channels=8', 'model.neck.in_channels=64',
    'model.memory.length=64',
]  # fmt: skip


@pytest.fixture(scope='module')
def sslmem():
    """Run the tool in this process, and its trainings too; the list of their work dirs."""
    spec = importlib.util.spec_from_file_location('sslmem', ROOT / 'tools' / 'sslmem.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    started = []

    def train(config, work_dir, tools, gpus):
        started.append(str(work_dir))
        cfg = Config.fromfile(config)
        cfg.update(work_dir=str(work_dir), resume=True, experiment_name=str(work_dir).replace('/', '_'))
        Runner.from_cfg(cfg).train()

    def call(*arguments) -> list[str]:
        started.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(start_training, 'start', train)
            patch.setenv('COLUMNS', '200')  # of the terminal: tables and paths are not broken
            patch.setattr(sys, 'argv', ['sslmem.py', *map(str, arguments)])
            with DefaultScope.overwrite_default_scope('sslreg'):
                tool.main()
        return list(started)

    return call


@pytest.fixture(scope='module')
def halves(sslmem, tmp_path_factory):
    """A scored study of f on one half of 40 images and g on the other, its config and a benchmark of 24 images."""
    folder = tmp_path_factory.mktemp('halves')
    config = toy_study.write(folder / 'mine', toy_study.config(model__backbone__type='ToyReLU'))
    sslmem('train', config, '--out', folder / 'study', '--share', 0.5)
    sslmem('score', folder / 'study', '--layers', 'act', 'representation', '--num-workers', 0)
    benchmark = toy_study.knn(dict(type='ToyDataset', pipeline=[dict(type='PackInputs')]))
    (folder / 'toy_knn.py').write_text(f'benchmark = {benchmark!r}')
    return folder


@pytest.fixture
def evaluated(halves):
    """Arguments that ``remove`` and ``prune`` share."""
    return ('--benchmarks', halves / 'toy_knn.py', '--features', halves / 'features', '--num-workers', 0)


def test_a_study_is_trained_once_and_scored(sslmem, tmp_path, monkeypatch, capsys):
    config, out = toy_study.write(tmp_path / 'mine', toy_study.config()), tmp_path / 'study'
    assert sslmem('train', config, '--out', out) == [str(out / 'seed0' / name) for name in 'fg']
    (out / 'seed1').mkdir()
    with pytest.raises(ValueError, match='not trained to the end: .*/seed1/f, .*/seed1/g'):
        sslmem('score', out)
    sslmem('score', out, '--seeds', 0, '--num-workers', 0)
    assert list(json.loads((out / 'scores.json').read_text())['checkpoints']) == ['0']
    assert sslmem('train', config, '--out', out, '--seeds', 0, 1) == [str(out / 'seed1' / name) for name in 'fg']
    split = Split.read(out / 'split.json')
    assert split == drawn_split(40, 4, 8, seed=0)
    assert Config.fromfile(out / 'seed1' / 'g' / 'g.py').randomness.seed == 1

    sslmem('score', out, '--layers', 'conv', 'representation', '--num-workers', 0)
    found = json.loads((out / 'scores.json').read_text())
    text = capsys.readouterr().out
    assert 'candidate above extra' in text
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

    told = []
    monkeypatch.setattr('sslreg.memorization.commands.score_command.print_log', lambda text, *_: told.append(text))
    changed = ('--out', tmp_path / 'changed', '--cfg-options', 'train_dataloader.dataset.views.0.flip=0.9')
    sslmem('score', out, '--num-workers', 0, *changed)
    text = 'was trained on other augmentations than it is scored on: augmentation[0].flip=0.5 and 0.9'
    assert told == [f'{name} {text}' for _ in range(2) for name in 'fg']  # of each seed

    compared = tmp_path / 'new' / 'compared'
    sslmem('compare', compared, out, tmp_path / 'pair', '--top', 2)
    text = capsys.readouterr().out
    assert all(words in text for words in ("Mean SSLMem': representation", 'study and pair', 'compare.html'))
    both = json.loads((compared / 'compare.json').read_text())
    assert (both['layer'], both['caveats']) == ('representation', [])
    assert [(each['name'], each['folder'], each['seeds']) for each in both['studies']] == [
        ('study', str(out), [0, 1]),
        ('pair', str(tmp_path / 'pair'), [0]),
    ]
    assert both['studies'][0]['sets'] == found['layers']['representation']['sets']
    with np.load(out / 'scores.npz') as scores:
        of_seeds = scores['sslmem'][:, 1, scores['set'] == 'candidate']
    tops = [set(np.argsort(-values)[:2].tolist()) for values in (of_seeds.mean(axis=0), of_seeds[0])]
    assert both['pairs'][0]['overlap'] == len(tops[0] & tops[1]) / 2
    page = (compared / 'compare.html').read_text()
    pictures = sorted(path.name for path in compared.glob('*.png'))
    assert pictures == ['comparison.png', 'overlaps.png']
    assert all(f'href="{name}"' in page for name in pictures)

    other = split._replace(extra=split.extra[:3])
    other.write(tmp_path / 'other.json')
    sslmem('score', config, *own, '--split', tmp_path / 'other.json', '--out', tmp_path / 'other', '--num-workers', 0)
    with pytest.raises(ValueError, match='study and .*/other are not of the same images, .* 3 of 4 and 3 extra images'):
        sslmem('compare', compared, out, tmp_path / 'other')


@pytest.mark.parametrize('method', ['resnet9_cifar10_supervised', 'vittiny_cifar10_mae'])
def test_methods_of_mmpretrain_are_trained_and_scored(sslmem, tmp_path, method):
    cfg = toy_study.on_toys(Config.fromfile(ROOT / 'configs' / 'sslmem' / f'{method}_small.py'))
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    if method.endswith('mae'):
        cfg.model.backbone.arch = dict(embed_dims=192, num_layers=2, num_heads=3, feedforward_channels=192)
    config, out = toy_study.write(tmp_path / 'mine', cfg), tmp_path / 'study'
    assert len(sslmem('train', config, '--out', out)) == 2
    sslmem('score', out, '--views', 2, '--num-workers', 0)
    found = json.loads((out / 'scores.json').read_text())
    assert list(found['layers']) == ['representation']
    assert [each['num_images'] for each in _raw(found)] == [32, 4, 4, 4]
    with np.load(out / 'scores.npz') as scores:
        assert scores['f'].min() > 0
        assert np.abs(scores['sslmem']).min() > 0


def _raw(found):
    return [forms['sslmem'] for forms in found['layers']['representation']['sets'].values()]


def test_a_page_about_a_study(sslmem, halves, tmp_path):
    with pytest.raises((ValueError, FileNotFoundError), match='sslmem.py score'):
        sslmem('report', tmp_path)
    with pytest.raises(ValueError, match="has no scores of layer 'none': choose one of act, representation"):
        sslmem('report', halves / 'study', '--layer', 'none')
    sslmem('report', halves / 'study', '--top', 4, '--out', tmp_path)
    page = (tmp_path / 'report.html').read_text()
    pictures = sorted(path.name for path in tmp_path.glob('*.png'))
    assert {'histograms.png', 'layers.png', 'most.png', 'least.png'} <= set(pictures)
    assert all(f'href="{name}"' in page for name in pictures)
    found = json.loads((tmp_path / 'report.json').read_text())
    assert 'removal' not in found


def test_units_of_an_encoder(sslmem, halves, tmp_path, capsys):
    out = halves / 'study'
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


def test_a_study_stays_with_its_config_and_split(sslmem, halves, tmp_path):
    again = ('train', halves / 'mine' / 'config.py', '--out', halves / 'study')
    assert sslmem(*again) == sslmem(*again, '--share', 0.5) == []
    with pytest.raises(ValueError, match=r'has a study of another config, config.train_cfg.max_epochs=2 and 3'):
        sslmem(*again, '--cfg-options', 'train_cfg.max_epochs=3')
    with pytest.raises(ValueError, match='split.json is another split than'):
        sslmem(*again, '--split', toy_study.split(tmp_path))
    with pytest.raises(ValueError, match='split.json is another split than'):
        sslmem(*again, '--share', 0.1)
    with pytest.raises(ValueError, match='--share 0.5 is for a split that is made'):
        sslmem(*again, '--split', toy_study.split(tmp_path), '--share', 0.5)


def test_a_mistake_before_the_first_training_is_not_kept(sslmem, tmp_path):
    config, out = toy_study.write(tmp_path / 'mine', toy_study.config()), tmp_path / 'study'
    with pytest.raises(TypeError, match="takes no argument 'lenght'; did you mean 'length'"):
        sslmem('train', config, '--out', out, '--cfg-options', 'model.memory.lenght=8')
    with pytest.raises(FileNotFoundError, match='is no folder of a study: make one by'):
        sslmem('score', tmp_path)
    assert len(sslmem('train', config, '--out', out)) == 2


def test_trainings_without_the_most_memorised(sslmem, halves, evaluated, tmp_path, capsys):
    study = shutil.copytree(halves / 'study', tmp_path / 'study')
    remove = ('remove', study, *evaluated, '--numbers', 8)
    assert sslmem(*remove) == [str(study / 'removal' / f'{order}-8' / 'seed0') for order in ('most', 'random')]
    kept = (study / 'removal.json').read_text()
    found = json.loads(kept)
    conditions = [('none', 0, 0), ('most', 8, 0), ('random', 8, 0)]
    assert [(run['order'], run['number'], run['seed']) for run in found['runs']] == conditions
    assert (found['numbers'], found['orders'], found['seeds']) == ([8], ['most', 'random'], [0])
    assert len({run['network'] for run in found['runs']}) == 3
    metric = f'{halves}/toy_knn.py/pooled/knn/k3/top1'
    assert all(0 <= run['metrics'][metric] <= 100 for run in found['runs'])
    assert 'most 8 - random' in capsys.readouterr().out

    with np.load(study / 'scores.npz') as scores:
        representation = scores['sslmem'][0, 1, scores['set'] == 'candidate']
        expected = scores['index'][: len(representation)][representation.argsort()[:12]].tolist()
    assert Split.read(study / 'removal' / 'most-8' / 'seed0.json').of_f == sorted(expected)
    seen = Config.fromfile(study / 'removal' / 'most-8' / 'seed0.py').train_dataloader.dataset.dataset
    assert (seen.split, seen.part) == (str(study / 'removal' / 'most-8' / 'seed0.json'), 'f')

    assert sslmem(*remove) == []
    assert (study / 'removal.json').read_text() == kept
    (study / 'removal.json').unlink()  # as if it had stopped between training and evaluation
    assert sslmem(*remove) == []
    assert json.loads((study / 'removal.json').read_text()) == found
    sslmem('report', study, '--top', 0)
    assert set(json.loads((study / 'report' / 'report.json').read_text())['studies'][0]['removal']) == {metric}
    assert (study / 'report' / 'removal.png').is_file()


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--numbers', 21], '21 candidates cannot be left out: the split has 20'),
        (['--numbers', 13], 'f has 7 images to be trained on, less than a batch of 8'),
        (['--numbers', 8, '--layer', 'conv'], "layer 'conv' was not scored; those that were: act, representation"),
        (['--numbers', 8, '--benchmarks', 'cifar11'], "benchmark 'cifar11': .* does not exist"),
    ],
)
def test_what_cannot_be_removed_is_refused_before_a_training(sslmem, halves, evaluated, arguments, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        sslmem('remove', halves / 'study', *evaluated, *arguments)
    assert not (halves / 'study' / 'removal').exists()


def test_a_study_must_be_scored_before_images_are_removed(sslmem, halves, evaluated, tmp_path):
    shutil.copytree(halves / 'study', tmp_path / 'study', ignore=shutil.ignore_patterns('scores.npz', '*.pth'))
    with pytest.raises(FileNotFoundError, match=r'scores.npz does not exist: score the study first, by `.* score'):
        sslmem('remove', tmp_path / 'study', *evaluated, '--numbers', 8)
    with pytest.raises(FileNotFoundError, match='is no folder of a study: make one by'):
        sslmem('remove', tmp_path, *evaluated, '--numbers', 8)


def test_pruned_units(sslmem, halves, evaluated, tmp_path, monkeypatch, capsys):
    study = shutil.copytree(halves / 'study', tmp_path / 'study')
    prune = ('prune', study, *evaluated, '--layers', 'act', '--shares', 0.25, '--per', 'layer', '--orders', 'most')
    sslmem(*prune)
    first = json.loads((study / 'pruning.json').read_text())
    assert [(run['order'], run['share']) for run in first['runs']] == [('none', 0), ('most', 0.25)]
    assert first['layers'] == ['act']

    monkeypatch.setattr(prune_command, 'score_units', None)  # neither UnitMem nor a run is made again
    sslmem(*prune, 'random', 'least', '--seeds', 3, 4)
    found = json.loads((study / 'pruning.json').read_text())
    assert found['runs'][:2] == first['runs']
    added = [('random', 3), ('random', 4), ('least', 0)]
    assert [(run['order'], run['seed']) for run in found['runs'][2:]] == added
    assert len({run['network'] for run in found['runs']}) == 5
    assert 'most 0.25 per layer - random' in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"pruning.json has results of other layers \(\['act'\], not \['norm'\]\)"):
        sslmem('prune', study, *evaluated, '--layers', 'norm')
    sslmem('report', study, '--top', 0)
    metric = f'{halves}/toy_knn.py/pooled/knn/k3/top1'
    drawn = json.loads((study / 'report' / 'report.json').read_text())['studies'][0]['pruning']
    assert set(drawn[metric]['25 % per layer']) == {'most', 'random', 'least'}
    assert (study / 'report' / 'pruning_1.png').is_file()


def test_only_a_trained_encoder_is_pruned(sslmem, halves, evaluated):
    with pytest.raises(ValueError, match='seed1/f is not trained to the end'):
        sslmem('prune', halves / 'study', *evaluated, '--of', 1)
    with pytest.raises(ValueError, match='share 1 of the units must be between 0 and 1'):
        sslmem('prune', halves / 'study', *evaluated, '--shares', 1)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['score', QUICKSTART, '--f', 'f.pth'], 'or give a config with --f, --g, --split and --out'),
        (
            ['score', QUICKSTART, '--f', 'a', '--g', 'b', '--split', 'c', '--out', 'd', '--seeds', '1'],
            r'--seeds \[1\] chooses pairs of a folder: leave it out',
        ),
        (['compare', 'out', 'a'], 'a has nothing to be compared with: give the folder of another study'),
        (['compare', 'out', 'a', 'b', '--top', '0'], '--top 0 candidates: give 1 at least'),
        (['score', 'tests', '--f', 'f.pth'], 'tests has its own encoders and split: leave out --f'),
    ],
)
def test_arguments_that_do_not_go_together(sslmem, monkeypatch, arguments, message):
    monkeypatch.chdir(ROOT)
    with pytest.raises(ValueError, match=message):
        sslmem(*arguments)


@pytest.mark.slow
def test_the_tool_as_a_user_runs_it(sslmem, tmp_path, monkeypatch):
    """A training in a process of its own, and what runs on two; the rest is done in this process."""
    monkeypatch.chdir(ROOT)
    out = tmp_path / 'study'
    train = ('train', QUICKSTART, '--out', out, '--split-seed', 1, '--cfg-options', *SMALL)
    sslmem(*train)
    assert [len(part) for part in Split.read(out / 'split.json')] == [60, 8, 8, 8]
    shutil.rmtree(out / 'seed0' / 'g')
    assert 'seed0/f: finished before' in succeed(run(warm_python(), 'tools/sslmem.py', *train, COLUMNS='500'))
    several = ('bash', 'tools/torchrun.sh', '2', 'sslmem.py')
    succeed(run(*several, 'score', out, '--num-workers', 0))
    found = json.loads((out / 'scores.json').read_text())
    assert found['layers']['representation']['sets']['extra']['sslmem']['num_images'] == 8
    benchmark = toy_study.knn(dict(type='PhotoTiles', tiles_per_class=1, pipeline=[dict(type='PackInputs')]))
    (tmp_path / 'tiles.py').write_text(f'benchmark = {benchmark!r}')
    pruned = ('prune', out, '--layers', 'layer[12]', '--shares', 0.5, '--num-workers', 0)
    pruned = (*pruned, '--benchmarks', tmp_path / 'tiles.py', '--features')
    succeed(run(*several, *pruned, tmp_path / 'two'))
    of_two = (out / 'pruning.json').read_text()
    (out / 'pruning.json').unlink()
    sslmem(*pruned, tmp_path / 'one')
    assert (out / 'pruning.json').read_text() == of_two
    assert [run['share'] for run in json.loads(of_two)['runs']] == [0, 0.5, 0.5, 0.5, 0.5]
