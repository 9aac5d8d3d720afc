"""Files of checkpoints: whole or not there, finite, and the newest usable one is found."""

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslreg.engine import resumable
from sslreg.engine.checkpoint_folder import check_load_from, check_resumed
from tests import toy


@pytest.fixture(scope='module')
def run(tmp_path_factory) -> Path:
    work_dir = tmp_path_factory.mktemp('run') / 'original'
    toy.train(work_dir, epochs=3, default_hooks__checkpoint__max_keep_ckpts=2, val_cfg=None, val_dataloader=None,
              val_evaluator=None)  # fmt: skip
    return work_dir


@pytest.fixture
def work_dir(run, tmp_path) -> Path:
    return Path(shutil.copytree(run, tmp_path / 'copy'))


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file: Path, record: str) -> None:
    """Flip a bit in the middle of a record of the archive."""
    with zipfile.ZipFile(file) as archive:
        info = next(each for each in archive.infolist() if each.filename.endswith(record))
    content = bytearray(file.read_bytes())
    start = info.header_offset + 30
    start += sum(
        int.from_bytes(content[start - place :][:2], 'little') for place in (4, 2)
    )  # lengths of name and extra
    content[start + info.file_size // 2] ^= 1
    file.write_bytes(bytes(content))


def spoil(file: Path, change: Any) -> None:
    state = torch.load(file, weights_only=True)
    change(state)
    torch.save(state, file)


def nan_in_weights(state: dict[str, Any]) -> None:
    state['state_dict']['teacher.module.backbone.conv.weight'][0, 0, 0, 0] = float('nan')


def nan_in_optimizer(state: dict[str, Any]) -> None:
    state['optimizer']['state'][0]['exp_avg_sq'].fill_(float('inf'))


DAMAGE = {
    'truncated': (truncate, 'cut off or damaged'),
    'empty': (lambda file: file.write_bytes(b''), 'it is empty'),
    'bit of a weight': (lambda file: flip(file, 'data/0'), 'checksum'),
    'pickle': (lambda file: flip(file, 'data.pkl'), 'damaged'),
    'text': (lambda file: file.write_text('no checkpoint'), 'cut off or damaged'),
    'NaN in the teacher': (
        lambda file: spoil(file, nan_in_weights),
        'infinite numbers .first: state_dict.teacher',
    ),
    'inf in the optimizer': (lambda file: spoil(file, nan_in_optimizer), 'first: optimizer.state.0.exp_avg_sq'),
    'weights only': (lambda file: spoil(file, lambda state: state.pop('meta')), 'no state of a training run'),
}


@pytest.mark.parametrize('name', DAMAGE)
def test_a_damaged_checkpoint_is_passed_over(work_dir, name):
    damage, reason = DAMAGE[name]
    damage(work_dir / 'epoch_3.pth')
    found = resumable.newest(work_dir)
    assert found.path == work_dir / 'epoch_2.pth'
    assert [*found.passed_over] == [work_dir / 'epoch_3.pth']
    assert re.search(reason, found.passed_over[work_dir / 'epoch_3.pth'])
    with pytest.raises(ValueError, match='epoch_3.pth: .*--resume alone takes the newest usable one'):
        check_resumed(str(work_dir / 'epoch_3.pth'))


def test_the_newest_was_written_last_whatever_the_pointer_and_the_names(work_dir):
    (work_dir / 'last_checkpoint').unlink()
    assert resumable.newest(work_dir) == (work_dir / 'epoch_3.pth', {})
    (work_dir / 'last_checkpoint').write_text('/elsewhere/epoch_1.pth')
    assert resumable.newest(work_dir).path == work_dir / 'epoch_3.pth'
    (work_dir / 'epoch_2.pth').rename(work_dir / 'epoch_10.pth')  # left over by a run that went further
    assert resumable.newest(work_dir).path == work_dir / 'epoch_3.pth'
    (work_dir / 'epoch_3.pth.part').write_text('of a save that was killed')
    shutil.copy(work_dir / 'epoch_10.pth', work_dir / 'best_knn_epoch_3.pth')
    assert resumable.newest(work_dir) == (work_dir / 'epoch_3.pth', {})
    assert resumable.newest(work_dir.parent).path is None


def test_a_run_goes_on_from_the_checkpoint_before_a_damaged_one(work_dir):
    truncate(work_dir / 'epoch_3.pth')
    runner = toy.train(work_dir, epochs=4, resume=True)
    assert runner.iter == 12
    logs = ''.join(file.read_text() for file in work_dir.glob('*/*.log'))
    assert 'passed over, not to be resumed from: epoch_3.pth (cut off or damaged' in logs


def test_a_copy_is_resumed_by_its_own_files(run, work_dir):
    assert (work_dir / 'last_checkpoint').read_text() == 'epoch_3.pth'
    before = {file: file.read_bytes() for file in run.glob('*.pth')}
    runner = toy.train(work_dir, epochs=4, resume=True, default_hooks__checkpoint__max_keep_ckpts=1)
    assert runner._load_from == str(work_dir / 'epoch_3.pth')
    assert {file: file.read_bytes() for file in run.glob('*.pth')} == before
    assert [file.name for file in work_dir.glob('*.pth')] == ['epoch_4.pth']


def test_nothing_to_resume_starts_anew_and_only_damaged_files_do_not(tmp_path):
    runner = toy.train(tmp_path, epochs=1, resume=True)
    assert runner.iter == 3
    assert 'nothing to resume in' in next(tmp_path.glob('*/*.log')).read_text()
    truncate(tmp_path / 'epoch_1.pth')
    with pytest.raises(ValueError, match=r'none of the checkpoints in .*: epoch_1.pth \(cut off'):
        toy.train(tmp_path, epochs=1, resume=True)


def test_auto_prefers_the_work_dir_to_the_weights_of_the_config(run, work_dir, tmp_path):
    runner = toy.train(tmp_path / 'new', epochs=1, resume='auto', load_from=str(run / 'epoch_3.pth'))
    assert runner.iter == 3  # nothing to resume: from the weights
    runner = toy.train(work_dir, epochs=4, resume='auto', load_from=str(tmp_path / 'new' / 'epoch_1.pth'))
    assert runner.iter == 12


class Spoil(Hook):
    """Makes a tensor infinite or NaN in the second epoch."""

    def __init__(self, name: str, value: float) -> None:
        self.name, self.value = name, value

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        if runner.iter == 5:
            tensors = dict(runner.model.named_parameters()) | dict(runner.model.named_buffers())
            if self.name == 'optimizer':
                tensors['optimizer'] = next(iter(runner.optim_wrapper.optimizer.state.values()))['exp_avg']
            tensors[self.name].data.fill_(self.value)


MESSAGES = {'memory.feats': 'the memory holds numbers', 'optimizer': 'exp_avg .* in the optimizer .* no checkpoint is'}


@pytest.mark.parametrize('name', ['backbone.conv.weight', 'teacher.module.backbone.norm.running_var', 'memory.feats',
                                  'optimizer'])  # fmt: skip
def test_what_is_not_finite_is_never_saved_and_removes_nothing(tmp_path, name):
    runner = Runner.from_cfg(toy.config(tmp_path, default_hooks__checkpoint__max_keep_ckpts=1))
    runner.register_hook(Spoil(name, float('nan')))
    with pytest.raises(FloatingPointError, match=MESSAGES.get(name, f'infinite numbers in {name}.* so no checkpoint')):
        runner.train()
    assert [file.name for file in tmp_path.glob('*.pth*')] == ['epoch_1.pth']
    assert resumable.newest(tmp_path).path == tmp_path / 'epoch_1.pth'


def test_a_mask_may_be_infinite(tmp_path):
    runner = Runner.from_cfg(toy.config(tmp_path, epochs=1))
    runner.model.head.register_buffer('mask', torch.tensor([0.0, float('-inf')]))
    runner.train()
    assert resumable.newest(tmp_path).path == tmp_path / 'epoch_1.pth'


def test_a_save_that_breaks_off_leaves_the_earlier_file(tmp_path, monkeypatch):
    """Also where only one is kept."""
    cfg = toy.config(tmp_path, default_hooks__checkpoint__max_keep_ckpts=1)
    runner = Runner.from_cfg(cfg)
    save = torch.save

    def break_off(state: Any, file: Any, **options: Any) -> None:
        if state['meta']['epoch'] == 2:
            raise OSError(28, 'No space left on device')
        save(state, file, **options)

    monkeypatch.setattr(torch, 'save', break_off)
    with pytest.raises(OSError, match='No space'):
        runner.train()
    assert [file.name for file in tmp_path.glob('*.pth*')] == ['epoch_1.pth']
    assert (tmp_path / 'last_checkpoint').read_text() == 'epoch_1.pth'


def test_a_copy_leaves_the_best_checkpoint_of_the_original(tmp_path):
    best = dict(type='PlainCheckpointHook', interval=1, save_best='pooled/knn/k1/top1', rule='greater')
    toy.train(tmp_path / 'a', epochs=1, default_hooks__checkpoint=best)
    (original,) = (tmp_path / 'a').glob('best_*.pth')
    shutil.copytree(tmp_path / 'a', tmp_path / 'b')
    state = torch.load(tmp_path / 'b' / 'epoch_1.pth', weights_only=True)
    state['message_hub']['runtime_info']['best_score'] = -1.0  # anything is better
    torch.save(state, tmp_path / 'b' / 'epoch_1.pth')
    toy.train(tmp_path / 'b', epochs=2, resume=True, default_hooks__checkpoint=best)
    assert original.is_file()
    assert [file.name for file in (tmp_path / 'b').glob('best_*.pth')] == ['best_pooled_knn_k1_top1_epoch_2.pth']
    assert json.loads((tmp_path / 'b' / 'last_validation.json').read_text()) == dict(epoch=2, iter=6)


def test_weights_to_start_from_are_read_before_anything_is_built(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"load_from: checkpoint 'none\.pth' does not exist"):
        check_load_from('none.pth')
    file = tmp_path / 'config.py'
    file.write_text('model = dict()')
    with pytest.raises(ValueError, match=r"load_from: '.*config\.py' is damaged or no checkpoint"):
        check_load_from(str(file))
    torch.save(dict(state_dict=dict(a=torch.ones(1))), tmp_path / 'a.pth')
    check_load_from(str(tmp_path / 'a.pth'))
    check_load_from('https://example.com/none.pth')
