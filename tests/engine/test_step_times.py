"""Times of the parts of a training step."""

import copy
import time

import pytest
from mmengine.hooks import Hook

from sslreg.engine import StepTimesHook
from sslreg.engine.hooks.step_times import advice
from sslreg.registry import MODELS, TRANSFORMS
from tests import toy

PARTS = ('data', 'to_device', 'forward', 'loss', 'memory', 'backward', 'optimizer')


@TRANSFORMS.register_module(force=True)
class Slow:
    def __call__(self, results: dict) -> dict:
        time.sleep(0.02)
        return results


@MODELS.register_module(force=True)
class SlowToyBackbone(toy.ToyBackbone):
    def forward(self, images):
        time.sleep(0.3)
        return super().forward(images)


def train(tmp_path, **overrides):
    hooks = [dict(type='StepTimesHook', interval=3)]
    return toy.train(tmp_path, custom_hooks=hooks, default_hooks__timer=dict(type='IterTimerHook'), **overrides)


def shares(runner) -> dict[str, list[float]]:
    return {name: list(runner.message_hub.get_scalar(f'train/share_{name}').data[0]) for name in PARTS}


def test_parts_of_a_step_are_logged_and_add_up(tmp_path):
    runner = train(tmp_path)
    logged = shares(runner)
    assert all(len(values) == 6 and len(set(values)) == 2 for values in logged.values())  # 6 steps, every 3
    assert all(value >= 0 for values in logged.values() for value in values)
    assert sum(values[0] for values in logged.values()) <= 101
    assert runner.message_hub.get_scalar('train/images_per_s').current() > 0
    assert runner.message_hub.get_scalar('train/peak_gb').current() > 0.05


def test_time_is_ascribed_to_the_part_that_takes_it(tmp_path):
    """Two passes of the student's and the teacher's backbone of 0.3 s each; then 8 images of 0.02 s."""
    logged = shares(train(tmp_path / 'forward', model__backbone__type='SlowToyBackbone'))
    assert min(logged['forward']) > 60
    cfg = toy.config(tmp_path / 'data')
    pipeline = [dict(type='Slow'), *cfg.train_dataloader.dataset.pipeline]
    slow = dict(train_dataloader__dataset__pipeline=pipeline)
    assert min(shares(train(tmp_path / 'data', **slow))['data']) > 40


def test_a_copy_of_the_model_is_its_own(tmp_path):
    class Copy(Hook):
        priority = 'LOWEST'

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            self.same = copy.deepcopy(runner.model).loss.__self__ is runner.model

    hook = Copy()
    cfg = toy.config(tmp_path)
    cfg.custom_hooks = [dict(type='StepTimesHook', interval=3)]
    runner = toy.Runner.from_cfg(cfg)
    runner.register_hook(hook)
    runner.train()
    assert hook.same is False


def test_a_starving_run_is_told_what_to_do(tmp_path):
    told = []

    class Listen(Hook):
        def before_train(self, runner):
            runner.logger.warning = told.append

    cfg = toy.config(tmp_path)
    cfg.custom_hooks = [dict(type='StepTimesHook', interval=3, starving=0.0)]
    cfg.default_hooks.timer = dict(type='IterTimerHook')
    runner = toy.Runner.from_cfg(cfg)
    runner.register_hook(Listen())
    runner.train()
    assert any('of the step waits for data: raise train_dataloader.num_workers (now 0)' in line for line in told)


def test_advice_names_the_share():
    assert advice(0.72, 4).startswith('72 % of the step waits for data: raise train_dataloader.num_workers (now 4)')


def test_interval_is_positive():
    with pytest.raises(ValueError, match='interval=0 must be at least 1'):
        StepTimesHook(interval=0)
