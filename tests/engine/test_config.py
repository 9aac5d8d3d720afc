"""Changes of a config by the command line."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config

from sslreg.engine import Schedule, TrainingLength
from sslreg.engine.batch_scaling import images_per_step
from sslreg.engine.config import default_work_dir, scale_batch, use_bfloat16, use_data_root
from sslreg.engine.schedules import ScaledSchedule
from sslreg.registry import SCHEDULES
from sslreg.utils.config_files import load_config, parse_config

COSINE = dict(type='CosineSchedule', start=3e-3, end=2e-6, warmup='10ep', warmup_start=1e-6)


def config(base: int | None = 1024, batch: int = 128, lr: Any = 0.1, **wrapper: Any) -> Config:
    wrapper = dict(type='SSLOptimWrapper', optimizer=dict(type='SGD', lr=lr)) | wrapper
    cfg = Config(dict(train_dataloader=dict(batch_size=batch), optim_wrapper=wrapper))
    if base:
        cfg.auto_scale_lr = dict(base_batch_size=base)
    return cfg


def test_the_recipes_batch_needs_no_word():
    assert scale_batch(config(), num_processes=8, auto_scale_lr=False) is None
    assert scale_batch(config(base=None), num_processes=3, auto_scale_lr=False) is None


def test_another_batch_is_warned_about_with_both_remedies():
    note = scale_batch(config(), num_processes=4, auto_scale_lr=False)
    assert '4 x 128 images make a batch of 512' in note
    assert '--auto-scale-lr, or --cfg-options train_dataloader.batch_size=256' in note


def test_a_batch_that_processes_cannot_share_is_refused():
    with pytest.raises(ValueError, match="3 processes cannot share this config's batch of 1024 images evenly"):
        scale_batch(config(), num_processes=3, auto_scale_lr=False)


def test_accumulated_batches_count():
    assert scale_batch(config(accumulative_counts=4), num_processes=2, auto_scale_lr=False) is None
    note = scale_batch(config(accumulative_counts=2), num_processes=2, auto_scale_lr=False)
    assert '2 x 128 x 2 accumulated images make a batch of 512, but' in note
    assert 'train_dataloader.batch_size=256' in note
    with pytest.raises(ValueError, match='2 processes with 3 accumulated batches cannot share .* of 1024 images'):
        scale_batch(config(accumulative_counts=3), num_processes=2, auto_scale_lr=False)


@pytest.mark.parametrize('by_config', [False, True])
def test_the_learning_rate_is_scaled_to_any_batch_once(by_config):
    cfg = config(accumulative_counts=2)
    cfg.auto_scale_lr.enable = by_config
    note = scale_batch(cfg, num_processes=3, auto_scale_lr=not by_config)
    assert note == (
        'the learning rate for 1024 images per step is scaled by 0.75 to 768: optim_wrapper.optimizer.lr=0.075'
    )
    assert cfg.optim_wrapper.optimizer.lr == pytest.approx(0.075)
    assert cfg.auto_scale_lr == dict(base_batch_size=768, enable=False)  # as the config now says, and nothing else
    assert scale_batch(cfg, num_processes=3, auto_scale_lr=True) is None
    assert cfg.optim_wrapper.optimizer.lr == pytest.approx(0.075)


@pytest.mark.parametrize('path', ['configs/massl/vits_800e.py', 'configs/massl/quickstart.py'])
def test_a_config_whose_rate_is_scaled_can_be_written(path):
    cfg = load_config(path)
    scale_batch(cfg, num_processes=3, auto_scale_lr=True)
    assert parse_config(cfg.pretty_text).optim_wrapper.optimizer.lr.start == cfg.optim_wrapper.optimizer.lr.start


def test_the_recipes_batch_by_accumulation_is_not_scaled_by_mmengine_either():
    cfg = config(batch=64, accumulative_counts=2, base=128)
    assert scale_batch(cfg, num_processes=1, auto_scale_lr=True) is None
    assert cfg.optim_wrapper.optimizer.lr == 0.1
    assert not cfg.auto_scale_lr.enable


@pytest.mark.parametrize('base', [None, 0, -4, 'many'])
def test_a_rate_for_an_unknown_batch_is_not_scaled(base):
    cfg = config(base=base)
    with pytest.raises(ValueError, match='--auto-scale-lr: the config does not say which batch'):
        scale_batch(cfg, num_processes=1, auto_scale_lr=True)
    cfg.auto_scale_lr = dict(enable=True)
    with pytest.raises(ValueError, match=r'auto_scale_lr.enable=True: .*\(auto_scale_lr.base_batch_size=None\)'):
        scale_batch(cfg, num_processes=1, auto_scale_lr=False)


def test_a_rate_that_the_config_leaves_to_the_optimizer_is_not_scaled():
    cfg = config()
    del cfg.optim_wrapper.optimizer.lr
    with pytest.raises(ValueError, match='--auto-scale-lr scales optim_wrapper.optimizer.lr, which the config does'):
        scale_batch(cfg, num_processes=1, auto_scale_lr=True)


def test_a_scaled_cosine_is_that_of_the_released_code_at_every_step():
    """Its main(): ``cosine_scheduler(lr * batch / 256, min_lr, ...)``, where min_lr is absolute."""
    cfg = config(lr=dict(COSINE))
    note = scale_batch(cfg, num_processes=2, auto_scale_lr=True)
    assert note.endswith('is scaled by 0.25 to 256: optim_wrapper.optimizer.lr.start=0.00075')
    assert cfg.optim_wrapper.optimizer.lr == COSINE | dict(start=7.5e-4)
    schedule = SCHEDULES.build(dict(cfg.optim_wrapper.optimizer.lr)).resolved(TrainingLength(30 * 7, 7))
    base = 3e-3 * 2 * 128 / 1024
    steps = np.arange(20 * 7)
    released = np.append(np.linspace(1e-6, base, 70), 2e-6 + (base - 2e-6) * (1 + np.cos(np.pi * steps / 140)) / 2)
    np.testing.assert_allclose([schedule(step, 210) for step in range(210)], released, rtol=1e-12)


@pytest.mark.parametrize(
    'lr, scaled',
    [
        (dict(type='LinearSchedule', start=0.1, end=1e-3), dict(start=0.05)),
        (dict(type='LinearSchedule', start=1e-3, end=0.1), dict(end=0.05)),
        (dict(type='WarmupSchedule', start=1e-3, end=0.1, warmup='5ep'), dict(end=0.05)),
        (dict(type='StepSchedule', start=0.1, milestones=[0.5]), dict(start=0.05)),
        (dict(type='SwitchSchedule', start=0.1, end=0.02, at=0.5), dict(start=0.05, end=0.01)),
    ],
)
def test_other_schedules_keep_the_rates_at_which_they_begin_or_end(lr, scaled):
    cfg = config(lr=dict(lr), base=256)
    scale_batch(cfg, num_processes=1, auto_scale_lr=True)
    assert cfg.optim_wrapper.optimizer.lr == lr | scaled


@SCHEDULES.register_module(force=True)
@dataclass(frozen=True)
class HalvesSchedule(Schedule):
    start: float
    every: str = '2ep'

    def __call__(self, step: int, num_steps: int) -> float:
        return self.start * 0.5 ** (step // round(self.every * num_steps))


def test_a_schedule_of_ones_own_is_multiplied():
    cfg = config(lr=dict(type='HalvesSchedule', start=0.1), base=256)
    assert scale_batch(cfg, num_processes=1, auto_scale_lr=True).endswith('optim_wrapper.optimizer.lr.factor=0.5')
    schedule = SCHEDULES.build(dict(cfg.optim_wrapper.optimizer.lr)).resolved(TrainingLength(20, 5))
    assert [schedule(step, 20) for step in (0, 9, 10, 19)] == pytest.approx([0.05, 0.05, 0.025, 0.025])
    assert schedule.initial() == pytest.approx(0.05)
    assert isinstance(schedule, ScaledSchedule)


def test_a_rate_that_would_rise_to_its_end_is_refused():
    cfg = config(lr=dict(COSINE, end=1e-4), batch=16)
    with pytest.raises(
        ValueError, match='start=0.003 scaled by 0.015625 is 4.6875e-05, below end=0.0001, which is not .* lower end'
    ):
        scale_batch(cfg, num_processes=1, auto_scale_lr=True)


METHODS = [path for method in ('massl', 'npid', 'sslmem') for path in Path('configs', method).glob('[!_]*.py')]


@pytest.mark.parametrize('path', sorted(METHODS), ids=str)
def test_a_config_says_which_batch_its_rate_is_for(path):
    """One process, or the 8 that its file shows."""
    cfg = Config.fromfile(path)
    processes = 8 if re.search(r'dist_train.sh \S+ 8', path.read_text()) else 1
    assert scale_batch(cfg, processes, auto_scale_lr=False) is None
    assert cfg.auto_scale_lr.base_batch_size == images_per_step(cfg, processes)


def test_amp_is_bfloat16_and_only_where_it_is_ours_to_choose():
    cfg = config()
    use_bfloat16(cfg)
    assert cfg.optim_wrapper.dtype == 'bfloat16'
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    with pytest.raises(ValueError, match='--amp: optim_wrapper.type is AmpOptimWrapper'):
        use_bfloat16(cfg)


def test_data_root_reaches_every_dataset(tmp_path):
    (tmp_path / 'train').mkdir()
    cfg = Config.fromfile('configs/massl/vits_800e.py')
    assert use_data_root(cfg, str(tmp_path)) is None
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        assert loader.dataset.data_root == str(tmp_path)
    assert cfg.val_cfg.benchmarks[0].train.data_root == str(tmp_path)
    assert cfg.train_dataloader.dataset.data_prefix == 'train'


def test_a_folder_without_splits_trains_without_labels(tmp_path):
    cfg = Config.fromfile('configs/massl/vits_800e.py')
    assert 'has no train/ folder: training on all images in it' in use_data_root(cfg, str(tmp_path))
    assert cfg.train_dataloader.dataset.with_label is False
    assert cfg.val_cfg is None
    assert cfg.test_dataloader is None


def test_folders_that_resemble_the_splits_are_named(tmp_path):
    for name in ('Train', 'Val', 'dogs'):
        (tmp_path / name).mkdir()
    note = use_data_root(Config.fromfile('configs/massl/vits_800e.py'), str(tmp_path))
    assert 'has no train/ folder (but Train/, Val/): training on all images in it' in note


def test_photographs_have_no_root(tmp_path):
    with pytest.raises(ValueError, match='PhotoTiles reads the photographs of scikit-image'):
        use_data_root(Config.fromfile('configs/massl/quickstart.py'), str(tmp_path))


@pytest.mark.parametrize(
    ('config', 'folder'),
    [
        ('configs/npid/resnet18_cifar10_200e.py', 'work_dirs/npid/resnet18_cifar10_200e'),
        ('/some/where/configs/my/deep/one.py', 'work_dirs/my/deep/one'),
        ('mine.py', 'work_dirs/mine'),
    ],
)
def test_configs_of_one_name_have_folders_of_their_own(config, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert default_work_dir(config) == folder
