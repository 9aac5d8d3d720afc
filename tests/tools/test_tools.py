"""The tools, run as a user runs them."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

import cv2
import pytest
import torch

from sslreg.datasets import PhotoTiles
from tests.warm_python import warm_python

ROOT = Path(__file__).parents[2]
CONFIG = 'configs/massl/quickstart.py'
DATA = 'dataset.tiles_per_class'
SMALL = [  # 76 tiles, batch 16, narrow network: a second an epoch
    f'train_dataloader.dataset.{DATA}=4', 'val_cfg.benchmarks.0.train.tiles_per_class=4',
    f'val_dataloader.{DATA}=1', f'test_dataloader.{DATA}=1', 'train_dataloader.batch_size=16',
    'train_dataloader.num_workers=0', 'train_cfg.max_epochs=2', 'default_hooks.checkpoint.interval=1',
    'model.backbone.stem_channels=8', 'model.backbone.base_channels=8', 'model.neck.in_channels=64',
    'model.memory.length=64',
]  # fmt: skip


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | dict(PYTHON=warm_python(), COLUMNS='120', OMP_NUM_THREADS='1') | environment
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False)


def python(script: str, *arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return run(warm_python(), ROOT / 'tools' / script, *arguments, **options)


def succeed(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-4000:]
    return result.stdout + result.stderr


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode != 0, result.stdout[-2000:]
    return result.stderr.strip().splitlines()[-1]


def state(work_dir: Path, epoch: int = 2) -> dict[str, torch.Tensor]:
    return torch.load(work_dir / f'epoch_{epoch}.pth', weights_only=True)['state_dict']


def memory(work_dir: Path, epoch: int = 2) -> dict[str, torch.Tensor]:
    return {name: value for name, value in state(work_dir, epoch).items() if name.startswith('memory.')}


def validated(work_dir: Path) -> float:
    """The last validation in a run's log."""
    log = next(log for log in sorted(work_dir.glob('*/*.log')) if 'Epoch(val)' in log.read_text())
    return float(re.findall(r'knn/k20/top1: ([\d.]+)', log.read_text())[-1])


@pytest.fixture(scope='module')
def trained(tmp_path_factory) -> Path:
    work_dir = tmp_path_factory.mktemp('trained')
    succeed(python('train.py', CONFIG, '--work-dir', work_dir, '--tensorboard', '--cfg-options', *SMALL))
    return work_dir


@pytest.mark.parametrize('script', ['train.py', 'test.py'])
def test_help_gives_an_example_and_the_options(script):
    text = succeed(python(script, '--help'))
    assert '--cfg-options KEY=VALUE' in text
    assert 'python tools/' in text


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh'])
def test_scripts_explain_themselves(script):
    result = run('bash', f'tools/{script}')
    assert result.returncode == 2
    assert f'bash tools/{script}' in result.stdout


@pytest.mark.slow
def test_train_leaves_checkpoints_logs_and_curves(trained):
    assert (trained / 'epoch_2.pth').is_file()
    assert list(trained.glob('*/vis_data/events.out.tfevents.*'))
    log = next(trained.glob('*/*.log')).read_text()
    assert 'teacher_entropy' in log
    assert 'knn/k20' in log
    assert 'Failed to search registry' not in log


@pytest.mark.slow
def test_test_reports_and_writes_the_metrics(trained, tmp_path):
    out = tmp_path / 'new' / 'metrics.json'
    text = succeed(python('test.py', CONFIG, trained / 'epoch_2.pth', '--work-dir', tmp_path, '--out', out,
                          '--cfg-options', *SMALL))  # fmt: skip
    metrics = json.loads(out.read_text())
    assert set(metrics) == {f'pooled/knn/k{k}/top{top}' for k in (10, 20) for top in (1, 5)}
    assert f'{metrics["pooled/knn/k20/top1"]:.2f}' in text
    assert metrics['pooled/knn/k20/top1'] == pytest.approx(validated(trained), abs=1e-3)


@pytest.mark.slow
def test_resume_goes_on_where_a_killed_run_stopped(trained, tmp_path):
    """Two epochs at once, or one, a stop, and the other: the same weights and memory."""
    (tmp_path / 'stopper.py').write_text(STOPPER)
    result = python('train.py', CONFIG, '--work-dir', tmp_path / 'run', '--cfg-options', *SMALL,
                    'custom_imports.imports=stopper', 'default_hooks.stop.type=StopHook',
                    cwd=_project(tmp_path))  # fmt: skip
    assert 'stopped on purpose' in result.stderr
    succeed(python('train.py', CONFIG, '--work-dir', tmp_path / 'run', '--resume', '--cfg-options', *SMALL))
    whole = state(trained)
    for name, value in state(tmp_path / 'run').items():
        assert torch.equal(value, whole[name]), name


STOPPER = """
from mmengine.hooks import Hook
from sslreg.registry import HOOKS

@HOOKS.register_module()
class StopHook(Hook):
    priority = 'LOWEST'
    def before_train_epoch(self, runner):
        if runner.epoch == 1:
            raise SystemExit('stopped on purpose')
"""


@pytest.mark.slow
def test_two_processes_train_and_test(tmp_path):
    train = run('bash', 'tools/dist_train.sh', CONFIG, '2', '--work-dir', tmp_path, '--cfg-options', *SMALL,
                'train_dataloader.batch_size=8')  # fmt: skip
    succeed(train)
    assert memory(tmp_path)['memory.num_updates'] == 8  # 2 epochs of 76 // 16 batches
    assert memory(tmp_path)['memory.cursor'] == 8 * 16 % 64
    out = tmp_path / 'two.json'
    succeed(run('bash', 'tools/dist_test.sh', CONFIG, tmp_path / 'epoch_2.pth', '2', '--work-dir', tmp_path,
                '--out', out, '--cfg-options', *SMALL))  # fmt: skip
    alone = tmp_path / 'one.json'
    succeed(python('test.py', CONFIG, tmp_path / 'epoch_2.pth', '--work-dir', tmp_path, '--out', alone,
                   '--cfg-options', *SMALL))  # fmt: skip
    assert json.loads(out.read_text()) == json.loads(alone.read_text())
    assert json.loads(out.read_text())['pooled/knn/k20/top1'] == pytest.approx(validated(tmp_path), abs=1e-3)


@pytest.mark.slow
@pytest.mark.usefixtures('cifar10')
def test_two_processes_share_an_instance_memory(tmp_path):
    config = 'configs/npid/resnet18_cifar10_small.py'
    small = [
        'train_dataloader.dataset.dataset.indices=250', 'val_cfg.benchmarks.0.train.indices=250',
        'val_dataloader.dataset.indices=50',
        'test_dataloader.dataset.indices=50', 'train_dataloader.num_workers=0', 'train_dataloader.batch_size=32',
        'train_cfg.max_epochs=2', 'model.memory.length=250', 'model.backbone.base_channels=8',
        'model.neck.in_channels=64', 'model.memory.sharded=True', 'model.mixing.type=InstanceCutMix',
    ]  # fmt: skip
    succeed(run('bash', 'tools/dist_train.sh', config, '2', '--work-dir', tmp_path, '--cfg-options', *small))
    saved = memory(tmp_path)
    assert saved['memory.num_updates'] == 2 * (125 // 32)
    torch.testing.assert_close(saved['memory.feats'].norm(dim=1), torch.ones(250))
    succeed(python('test.py', config, tmp_path / 'epoch_2.pth', '--work-dir', tmp_path, '--cfg-options', *small))


@pytest.mark.slow
def test_slurm_starts_tasks_and_they_find_each_other(tmp_path):
    """Stand-ins replace srun, which starts the tasks, and scontrol, which names the first host."""
    srun = tmp_path / 'srun'
    srun.write_text("""#!/usr/bin/env bash
while [[ $1 == --* ]]; do
    case $1 in --ntasks=*) tasks=${1#*=} ;; esac
    shift
done
for ((i = 0; i < tasks; i++)); do
    SLURM_PROCID=$i SLURM_LOCALID=$i SLURM_NTASKS=$tasks SLURM_NODELIST=localhost "$@" &
    pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || exit 1; done
""")
    (tmp_path / 'scontrol').write_text('#!/bin/sh\necho localhost\n')
    for script in ('srun', 'scontrol'):
        (tmp_path / script).chmod(0o755)
    succeed(run('bash', 'tools/slurm_train.sh', 'partition', 'name', CONFIG, '--work-dir', tmp_path / 'run',
                '--cfg-options', *SMALL, 'train_dataloader.batch_size=8', 'env_cfg.dist_cfg.port=29731',
                PATH=f'{tmp_path}:{os.environ["PATH"]}', GPUS='2', GPUS_PER_NODE='0'))  # fmt: skip
    assert memory(tmp_path / 'run')['memory.num_updates'] == 8


def _project(folder: Path) -> Path:
    """A user's folder: a copy of configs/, and files of their own."""
    shutil.copytree(ROOT / 'configs', folder / 'configs', ignore=shutil.ignore_patterns('my'))
    return folder


def _documented(page: str, module: str, config: str, folder: Path) -> Path:
    """A user's folder with the module and the config of a page, as they stand there."""
    blocks = re.findall(r'```python\n(.*?)```', (ROOT / 'docs' / page).read_text(), re.DOTALL)
    folder = _project(folder)
    (folder / module).write_text(blocks[0])
    (folder / 'configs/my').mkdir()
    (folder / 'configs/my' / config).write_text(blocks[1])
    return folder


@pytest.fixture
def own_memory(tmp_path) -> Path:
    return _documented('add_a_memory.md', 'my_memory.py', 'random_memory.py', tmp_path)


@pytest.mark.slow
def test_own_photographs_train(tmp_path):
    """The config of docs/data.md, as it stands there."""
    config = re.findall(r'```python\n(.*?)```', (ROOT / 'docs/data.md').read_text(), re.DOTALL)[-1]
    folder = _project(tmp_path)
    (folder / 'configs/my').mkdir()
    (folder / 'configs/my/photos.py').write_text(config)
    (folder / 'photos').mkdir()
    tiles = PhotoTiles(tiles_per_class=2, tile_size=70)
    for i in range(len(tiles)):
        cv2.imwrite(str(folder / f'photos/{i}.jpg'), tiles.get_data_info(i)['img'])
    small = [option for option in SMALL if 'tiles_per_class' not in option and 'batch_size' not in option]
    options = [
        'train.py',
        'configs/my/photos.py',
        '--data-root',
        'photos',
        '--work-dir',
        'run',
        '--cfg-options',
        *small,
    ]
    succeed(python(*options, cwd=folder))
    assert memory(folder / 'run')['memory.num_updates'] == 2


@pytest.mark.slow
def test_own_memory_named_in_a_config_trains(own_memory):
    options = [option for option in SMALL if 'memory' not in option]
    succeed(
        python(
            'train.py', 'configs/my/random_memory.py', '--work-dir', 'run', '--cfg-options', *options, cwd=own_memory
        )
    )
    assert memory(own_memory / 'run')['memory.num_updates'] == 8
    assert 'memory.cursor' not in memory(own_memory / 'run')


@pytest.mark.slow
@pytest.mark.parametrize('name', [['my_memory.RandomMemory'], ['RandomMemory', 'custom_imports.imports=my_memory']])
def test_own_memory_named_on_the_command_line_trains(own_memory, name):
    options = [option for option in SMALL if 'memory' not in option]
    succeed(python('train.py', CONFIG, '--work-dir', 'run', '--cfg-options', *options, 'model.memory._delete_=True',
                   f'model.memory.type={name[0]}', 'model.memory.length=64', 'model.memory.feat_dim=128', *name[1:],
                   cwd=own_memory))  # fmt: skip
    assert 'memory.cursor' not in memory(own_memory / 'run')


@pytest.mark.slow
def test_own_loss_trains(tmp_path):
    """The files of docs/add_a_loss.md, as they stand there; the log has the loss and no figures of another."""
    folder = _documented('add_a_loss.md', 'my_loss.py', 'squared_loss.py', tmp_path)
    options = ('--work-dir', 'run', '--cfg-options', *SMALL)
    succeed(python('train.py', 'configs/my/squared_loss.py', *options, cwd=folder))
    succeed(python('train.py', CONFIG, *options, 'model.head.loss.type=my_loss.ViewMemorySquaredLoss', cwd=folder))
    in_config, on_line = (
        json.loads(log.read_text().splitlines()[0]) for log in sorted(folder.glob('run/*/vis_data/2*.json'))
    )
    assert 0 < in_config['loss'] < 2
    assert 'teacher_entropy' not in in_config
    assert in_config['loss'] == on_line['loss']


TINY = """
from mmengine.config import read_base

with read_base():
    from ..massl.vits_800e import *

model.backbone.arch = dict(embed_dims=32, num_layers=1, num_heads=1, feedforward_channels=32)
model.neck.update(in_channels=32, hid_channels=32)
model.memory.length = 64
train_dataloader.update(batch_size=2, num_workers=0)
train_cfg.max_epochs = 1
model.head.teacher_temp.warmup = 0.5  # of the run
"""


@pytest.mark.slow
def test_own_folder_of_images_trains_by_one_option(tmp_path):
    from PIL import Image

    from sslreg.datasets import PhotoTiles

    tiles = PhotoTiles(tiles_per_class=1, tile_size=64)
    (tmp_path / 'images' / 'deep' / 'er').mkdir(parents=True)
    for i in range(4):
        tile = Image.fromarray(tiles.get_data_info(i)['img'][..., ::-1].copy())
        tile.save(tmp_path / 'images' / ('' if i % 2 else 'deep/er') / f'{i}.jpg')
    (_project(tmp_path) / 'configs/my').mkdir()
    (tmp_path / 'configs/my/tiny.py').write_text(TINY)
    text = succeed(python('train.py', 'configs/my/tiny.py', '--work-dir', 'run', '--data-root', 'images', '--amp',
                          '--auto-scale-lr', cwd=tmp_path))  # fmt: skip
    assert 'training on all images in it, without labels and so without evaluation' in text
    assert memory(tmp_path / 'run', epoch=1)['memory.num_updates'] == 2


def fail(*arguments: str | Path, script: str = 'train.py', **environment: str) -> str:
    """Run a tool in this process, since starting one takes seconds; return the last lines that a user sees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setattr(sys, 'path', sys.path.copy())
        patch.setattr(sys, 'argv', [script, *map(str, arguments)])
        for name, value in environment.items():
            patch.setenv(name, value)
        with pytest.raises(Exception) as raised:  # noqa: PT011
            runpy.run_path(str(ROOT / 'tools' / script), run_name='__main__')
    return traceback.format_exception_only(raised.value)[-1]


@pytest.mark.slow
def test_mistakes_end_in_one_clear_sentence(tmp_path, trained):
    out = ['--work-dir', tmp_path]
    launched = run('bash', 'tools/dist_train.sh', 'configs/none.py', '2')
    assert "error: config 'configs/none.py' does not exist" in last_line(launched)
    assert launched.stderr.count('does not exist') == 1
    assert 'Traceback' not in launched.stderr
    assert "config 'configs/none.py' does not exist" in fail('configs/none.py')
    assert "checkpoint 'none.pth' does not exist" in fail(CONFIG, 'none.pth', script='test.py')
    assert "checkpoint 'none.pth' does not exist" in fail(CONFIG, '--resume', 'none.pth')
    for name in ('massl/vits_800e', 'massl/resnet18_cifar10_200e'):  # the second would download into it
        message = fail(f'configs/{name}.py', *out, '--data-root', 'nowhere')
        assert "--data-root: folder 'nowhere' does not exist" in message
    assert f"packed images '{tmp_path}/train.npz' do not exist" in fail(
        'configs/massl/resnet18_cifar10_small.py', *out, '--data-root', tmp_path)  # fmt: skip
    assert 'RandomMemry is not in the sslreg::memory registry' in fail(
        CONFIG, *out, '--cfg-options', 'model.memory.type=RandomMemry')  # fmt: skip
    assert "ViewMemoryHead takes no argument 'teacher_tmp'; did you mean 'teacher_temp'?" in fail(
        CONFIG, *out, '--cfg-options', *SMALL, 'model.head.teacher_tmp=0.1')  # fmt: skip
    assert '3 processes cannot share this config\'s batch of 1024 images evenly' in fail(
        'configs/massl/vitb_800e.py', '--launcher', 'pytorch', WORLD_SIZE='3')  # fmt: skip
    assert 'the checkpoint is not of this MemorySSL' in fail(
        CONFIG, trained / 'epoch_2.pth', *out, script='test.py')  # fmt: skip
    assert "'nowhere/python' has no torch. Activate an environment" in last_line(
        run('bash', 'tools/dist_train.sh', CONFIG, '2', PYTHON='nowhere/python'))  # fmt: skip
    assert "GPUS='two' must be a positive number" in last_line(run('bash', 'tools/dist_train.sh', CONFIG, 'two'))
