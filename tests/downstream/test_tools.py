"""The scripts, as they are called: two gloo processes train a detector and test it; the rest within this process."""

import importlib
import json
import os
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.warm_python import warm_python

from . import samples

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs/downstream'
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
IN_PROCESS = [f'{name}.{option}' for name in LOADERS for option in ('num_workers=0', 'persistent_workers=False')]


def call(
    script: str, *args: str, folder: Path, check: bool = True, python: str | None = None
) -> subprocess.CompletedProcess:
    """Run a script in an empty folder that has ``work_dirs/data``."""
    environment = os.environ | dict(PYTHON=python or warm_python(), OMP_NUM_THREADS='1')
    command = ['bash', str(ROOT / 'tools/downstream' / script), *map(str, args)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.fixture
def main(tmp_path, monkeypatch):
    """``main('train', ...)``: a tool in this process and in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, 'path', [str(ROOT), *sys.path])

    def call(tool: str, *args: str) -> None:
        monkeypatch.setattr(sys, 'argv', [f'{tool}.py', *map(str, args)])
        importlib.import_module(f'tools.downstream.{tool}').main()

    return call


@pytest.mark.slow
def test_two_processes_train_and_test_a_detector_as_one_does(downstream, pretrained, tmp_path, main):
    parts = {f'annotations/{part}.json': '' for part in ('train', 'val', 'test')}
    samples.coco(tmp_path / 'work_dirs/data/bccd', ('RBC', 'WBC', 'Platelets'), parts, 'images')
    config = CONFIGS / 'mmdet/faster-rcnn_r18_bccd_small.py'
    options = ['train_dataloader.batch_size=1', 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1', *IN_PROCESS]
    done = call('dist_train_det.sh', config, pretrained('r18'), 2, '--auto-scale-lr', '--cfg-options', *options,
                folder=tmp_path)  # fmt: skip
    assert 'teacher.module.backbone.layer4' in done.stdout + done.stderr
    trained = 'work_dirs/downstream/mmdet/faster-rcnn_r18_bccd_small/epoch_1.pth'
    shown = ['--draw', 'drawn.png', '--score', '0']
    options = ['--cfg-options', 'model.test_cfg.rcnn.score_thr=0', *IN_PROCESS]
    written = ['--predictions', 'boxes.json']
    call('dist_test_det.sh', config, trained, 2, '--out', '2.json', *written, *options, folder=tmp_path)
    assert json.loads((tmp_path / 'boxes.bbox.json').read_text())[0]['category_id'] in (1, 2, 3)
    main('test', config, trained, '--task', 'det', '--out', '1.json', *shown, *options)
    one, two = (json.loads((tmp_path / f'{gpus}.json').read_text()) for gpus in (1, 2))
    assert one == two
    assert 'coco/bbox_mAP_50' in one
    assert Image.open(tmp_path / 'drawn.png').width > 900


@pytest.mark.slow
def test_a_segmentation_network_is_trained_and_tested(downstream, tmp_path, main, capsys):
    samples.camvid(tmp_path / 'work_dirs/data/camvid')
    config = CONFIGS / 'mmseg/fcn_r18_camvid_small.py'
    options = ['train_dataloader.batch_size=2', 'variables.steps=2', *IN_PROCESS]
    main('train', config, 'none', '--task', 'seg', '--cfg-options', *options)
    assert 'the backbone starts at random' in capsys.readouterr().out
    trained = 'work_dirs/downstream/mmseg/fcn_r18_camvid_small/iter_2.pth'
    outputs = ['--out', 'out.json', '--draw', 'drawn.png', '--predictions', 'masks']
    main('test', config, trained, '--task', 'seg', *outputs, '--cfg-options', *IN_PROCESS)
    assert 0 <= json.loads((tmp_path / 'out.json').read_text())['mIoU'] <= 100
    assert (tmp_path / 'drawn.png').is_file()
    predicted = Image.open(tmp_path / 'masks/0.png')
    assert predicted.size == samples.SIZE
    assert max(predicted.getdata()) < 11


@pytest.mark.parametrize('tool', ['train', 'test'])
@pytest.mark.parametrize('task', ['det', 'seg'])
def test_scripts_start_their_tool_for_their_task(tool, task, tmp_path):
    script = ROOT / f'tools/downstream/dist_{tool}_{task}.sh'
    words = shlex.split(call(script.name, 'a.py', 'b.pth', '3', '--amp', folder=tmp_path, python='echo').stdout)
    assert words[words.index('--nproc_per_node') + 1] == '3'
    started = next(i for i, word in enumerate(words) if word.endswith('.py'))
    assert Path(words[started]).resolve() == ROOT / f'tools/downstream/{tool}.py'
    assert words[started + 1 :] == ['--launcher', 'pytorch', 'a.py', 'b.pth', '--task', task, '--amp']


@pytest.mark.parametrize('script', ['dist_train_det.sh', 'dist_train_seg.sh', 'dist_test_det.sh', 'dist_test_seg.sh'])
def test_a_script_without_arguments_says_how_it_is_called(script, tmp_path):
    done = call(script, folder=tmp_path, check=False)
    assert done.returncode == 2
    assert f'bash tools/downstream/{script} CONFIG CHECKPOINT GPUS' in done.stdout


def unpack(folder: Path, *names: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / 'tools/downstream/unpack.py'), *names]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_archives_are_unpacked_once_and_whole(tmp_path):
    (tmp_path / 'data/bccd').mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / 'data/bccd/a.zip', 'w') as archive:
        archive.writestr('images/1.jpg', 'x')
    (tmp_path / 'work_dirs/data/bccd.part').mkdir(parents=True)
    (tmp_path / 'work_dirs/data/bccd.part/half').touch()  # of a call that was interrupted
    for _ in range(2):
        assert unpack(tmp_path).stdout == 'work_dirs/data/bccd\n'
    files = [path for path in (tmp_path / 'work_dirs').rglob('*') if path.is_file()]
    assert files == [tmp_path / 'work_dirs/data/bccd/images/1.jpg']


def test_archives_that_are_missing_are_named(tmp_path):
    assert 'data/camvid must hold one zip archive, it holds 0' in unpack(tmp_path, 'camvid').stderr
    assert 'none of data/bccd/*.zip' in unpack(tmp_path).stderr
