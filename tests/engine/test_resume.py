"""A resumed run in changed circumstances: schedules go on where they were, and what differs is said."""

import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from sslreg.engine.changed_settings import changed_settings
from sslreg.engine.circumstances import Circumstances
from sslreg.engine.lengths import TrainingLength, share_of_training
from tests import toy


def rate(share: float) -> float:
    """The toy's cosine at a share of training."""
    return 1e-2 * (1 + math.cos(math.pi * share)) / 2


COSINE = [rate(step / 12) for step in (6, 7, 8)]


class Record(Hook):
    """Values before each step, and the epochs that are evaluated."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.lr: list[float] = []
        self.temps: list[float] = []
        self.validated: list[int] = []

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        self.lr.append(runner.optim_wrapper.get_lr()['lr'][0])
        self.temps.append(getattr(runner.model.head, 'teacher_temp', 0))

    def after_val_epoch(self, runner: Runner, metrics: Any = None) -> None:
        self.validated.append(runner.epoch)


def resumed(work_dir: Path, epochs: int = 4, **options: Any) -> tuple[Runner, Record]:
    runner = Runner.from_cfg(toy.config(work_dir, epochs, resume=True, **options))
    record = Record()
    runner.register_hook(record)
    runner.train()
    return runner, record


def log(work_dir: Path) -> str:
    return ''.join(file.read_text() for file in sorted(work_dir.glob('*/*.log')))


@pytest.fixture(scope='module')
def half(tmp_path_factory) -> Path:
    """Two of four epochs of three steps of eight images."""
    work_dir = tmp_path_factory.mktemp('half')
    toy.interrupt(toy.config(work_dir, epochs=4), epoch=2)
    return work_dir


@pytest.fixture
def work_dir(half, tmp_path) -> Path:
    return Path(shutil.copytree(half, tmp_path / 'run'))


def test_with_half_the_batch_the_schedules_go_on_where_they_were(work_dir):
    runner, record = resumed(work_dir, train_dataloader__batch_size=4)
    assert runner.iter == 24
    assert len(record.lr) == 12
    assert record.lr[0] == pytest.approx(COSINE[0])  # half of training is done
    assert record.lr[2] == pytest.approx(COSINE[1])
    assert sorted(record.lr, reverse=True) == record.lr
    assert record.lr[-1] == pytest.approx(rate(23 / 24))
    assert record.temps == [0.07] * 12  # the warm-up took half of training
    text = log(work_dir)
    assert 'settings that differ from the run that is resumed' in text
    rows = [line.replace('│', ' ').split() for line in text.splitlines()]
    for row in ('images per step 8 4', 'iterations in an epoch 3 6', 'iterations done 6 12',
                'train_dataloader.batch_size 8 4'):  # fmt: skip
        assert row.split() in rows, row


def test_with_a_larger_batch_or_more_images_no_rate_rises(work_dir):
    runner, record = resumed(work_dir, train_dataloader__batch_size=12)
    assert runner.iter == 8
    assert record.lr == pytest.approx([rate(step / 8) for step in (4, 5, 6, 7)])
    runner, record = resumed(work_dir, epochs=6, train_dataloader__dataset__length=48)  # a second change, from epoch 4
    assert runner.iter == 36
    assert record.lr[0] == pytest.approx(rate(4 / 6))


def test_the_same_circumstances_and_settings_are_said_to_be_so(work_dir, monkeypatch):
    infos = []
    monkeypatch.setattr('mmengine.logging.MMLogger.info', lambda self, text, *args: infos.append(str(text)))
    _, record = resumed(work_dir)
    assert record.lr[:3] == pytest.approx(COSINE)
    assert 'all settings are those of the run that is resumed' in infos
    assert 'settings that differ' not in log(work_dir)


def test_the_learning_rate_is_scaled_on_resume(work_dir):
    options = dict(auto_scale_lr=dict(base_batch_size=8, enable=True), train_dataloader__batch_size=4)
    _, record = resumed(work_dir, **options)
    assert record.lr[0] == pytest.approx(COSINE[0] / 2)


def test_a_hyper_parameter_that_is_changed_on_resume_has_effect(work_dir):
    runner, _ = resumed(
        work_dir, optim_wrapper__optimizer__weight_decay=0.3, optim_wrapper__optimizer__betas=[0.8, 0.9]
    )
    (group,) = runner.optim_wrapper.optimizer.param_groups
    assert group['weight_decay'] == 0.3
    assert [*group['betas']] == [0.8, 0.9]
    assert 'optim_wrapper.optimizer.weight_decay' in log(work_dir)


def test_lengths_in_steps_are_counted_as_when_the_run_began():
    then = Circumstances(1, 8, 1, 24, epoch_steps=3, num_steps=12)
    now = Circumstances(1, 4, 2, 24, epoch_steps=6, num_steps=24, first_accumulation=2).continued(then, by_epoch=True)
    training = TrainingLength(now.num_steps, now.epoch_steps, now.first_accumulation, now.first_steps)
    assert share_of_training('warmup', '3it', training) == share_of_training('warmup', '3it', TrainingLength(12, 3))
    assert share_of_training('warmup', '1ep', training) == 1 / 4


@pytest.mark.parametrize(
    'iteration, batch, steps, expected',
    [
        (300, 32, 1000, 300),  # nothing changed
        (300, 32, 2000, 300),  # a longer run
        (300, 64, 500, 150),  # twice the batch, half the steps: 30 % of training
        (300, 64, 1000, 300),
        (300, 16, 2000, 600),
    ],
)
def test_a_run_without_epochs_keeps_its_share(iteration, batch, steps, expected):
    then = Circumstances(1, 32, 1, 0, 0, num_steps=1000)
    now = Circumstances(1, batch, 1, 0, 0, num_steps=steps)
    assert now.position(0, iteration, then, by_epoch=False) == expected


def test_other_processes_with_the_same_global_batch_change_nothing():
    then = Circumstances(2, 16, 1, 1000, epoch_steps=31, num_steps=310)
    now = Circumstances(4, 8, 1, 1000, epoch_steps=31, num_steps=310)
    assert now.same_batch(then)
    assert now.position(3, 93, then, by_epoch=True) == 93
    assert now.continued(then, by_epoch=True).first_steps == 1


def test_a_checkpoint_of_an_earlier_version_tells_its_batch(work_dir):
    for file in work_dir.glob('epoch_*.pth'):
        state = torch.load(file, weights_only=True)
        del state['message_hub']['runtime_info']['circumstances'], state['meta']['saved_at']
        torch.save(state, file)
    runner, record = resumed(work_dir, train_dataloader__batch_size=4)
    assert runner.iter == 24
    assert record.lr[0] == pytest.approx(COSINE[0])
    assert record.validated == [3, 4]  # what an earlier version has evaluated is not known


def test_settings_are_compared_by_their_values():
    cfg = toy.config(Path('a'))
    other = toy.config(Path('b'), optim_wrapper__optimizer__lr=0.1, model__memory__length=32)
    other.launcher, other.experiment_name = 'pytorch', cfg.experiment_name
    found = changed_settings(cfg.pretty_text, other)
    cfg.custom_imports = dict(imports='a_module_that_is_gone')
    assert changed_settings(cfg.pretty_text, cfg) == {}
    assert set(found) == {'optim_wrapper.optimizer.lr', 'model.memory.length'}
    assert found['model.memory.length'] == (16, 32)


class Killed(Exception):
    pass


class KillInEvaluation(Hook):
    def before_val_epoch(self, runner: Runner) -> None:
        raise Killed


def test_the_evaluation_that_a_run_was_killed_in_is_made_up_for(tmp_path):
    runner = Runner.from_cfg(toy.config(tmp_path, epochs=2))
    runner.register_hook(KillInEvaluation())
    with pytest.raises(Killed):
        runner.train()
    assert resumed(tmp_path, epochs=2)[1].validated == [1, 2]
    assert resumed(tmp_path, epochs=2)[1].validated == []  # finished, and evaluated
    assert resumed(tmp_path, epochs=3)[1].validated == [3]


def test_the_last_evaluation_is_made_up_for_too(tmp_path):
    toy.interrupt(toy.config(tmp_path, epochs=1), epoch=1)
    assert resumed(tmp_path, epochs=1)[1].validated == [1]


def test_an_instance_memory_of_other_images_is_refused(tmp_path):
    toy.interrupt(toy.instance_config(tmp_path), epoch=1)
    cfg = toy.instance_config(tmp_path, resume=True, train_dataloader__dataset__length=32)
    with pytest.raises(ValueError, match='an entry for each of 24 training images, and there are 32 now'):
        Runner.from_cfg(cfg).train()


def test_a_scheduler_that_counts_iterations_cannot_follow(tmp_path):
    options = dict(
        optim_wrapper__optimizer__lr=1e-2, param_scheduler=[dict(type='LinearLR', by_epoch=False, begin=0, end=9)]
    )
    toy.interrupt(toy.config(tmp_path, epochs=4, **options), epoch=2)
    with pytest.raises(
        ValueError, match='LinearLR counts iterations .by_epoch=False., which are others with this batch'
    ):
        resumed(tmp_path, train_dataloader__batch_size=4, **options)
    assert resumed(tmp_path, **options)[0].iter == 12


def iteration_config(work_dir: Path, **options: Any) -> Any:
    cfg = toy.config(work_dir, train_cfg=dict(_delete_=True, type='IterBasedTrainLoop', max_iters=6, val_interval=3))
    cfg.train_dataloader.sampler = dict(type='InfiniteSampler')
    cfg.log_level = 'INFO'
    cfg.merge_from_dict({name.replace('__', '.'): value for name, value in options.items()})
    return cfg


def test_a_run_without_epochs_refuses_what_counts_them(tmp_path):
    with pytest.raises(ValueError, match='checkpoint counts epochs .by_epoch=True, interval=1.'):
        Runner.from_cfg(iteration_config(tmp_path)).train()
    options = dict(default_hooks__checkpoint__by_epoch=False, optim_wrapper__optimizer__lr=1e-2)
    options['param_scheduler'] = [dict(type='StepLR', step_size=1)]
    with pytest.raises(ValueError, match='StepLR counts epochs .by_epoch=True., of which this train_cfg has none'):
        Runner.from_cfg(iteration_config(tmp_path, **options)).train()


def test_a_run_without_epochs_logs_and_resumes_by_iteration(tmp_path):
    options = dict(default_hooks__checkpoint__by_epoch=False, default_hooks__checkpoint__interval=2)
    Runner.from_cfg(iteration_config(tmp_path, train_cfg__max_iters=4, **options)).train()
    assert {file.name for file in tmp_path.glob('*.pth')} == {'iter_2.pth', 'iter_4.pth'}
    runner = Runner.from_cfg(iteration_config(tmp_path, resume=True, **options))
    runner.train()
    assert runner.iter == 6
    text = log(tmp_path)
    assert 'Iter(train) [6/6]' in text
    assert 'Epoch(train)' not in text
