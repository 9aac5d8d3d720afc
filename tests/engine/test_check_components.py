"""All components of a config are checked, before any is built, with the dotted key in the message."""

import math
import re
import time
from copy import deepcopy
from pathlib import Path

import mmpretrain
import pytest
from mmengine.config import Config
from mmengine.hooks import IterTimerHook

from sslreg.engine.checks import check_config
from sslreg.engine.checks.components import check_components, component_errors
from sslreg.utils.config_files import load_config

NAN = math.nan
CONFIGS = [
    path
    for path in sorted(Path('configs').rglob('[!_]*.py'))
    if not {'_base_', 'benchmarks', 'downstream', 'my'} & set(path.parts)
]
FOREIGN = sorted(Path(mmpretrain.__file__).parent.glob('.mim/configs/[!_]*/*.py'))[::25]
MISSING = 'is not in the sslreg::dataset registry'  # datasets of texts need further packages
RISING = dict(type='LinearSchedule', start=0.5, end=2.0)


@pytest.fixture(scope='module')
def quickstart():
    return load_config('configs/massl/quickstart.py')


@pytest.mark.parametrize('path', CONFIGS, ids=str)
def test_a_config_of_ours_passes(path):
    assert [*map(str, component_errors(load_config(path)))] == []


@pytest.mark.parametrize('path', FOREIGN, ids=lambda path: path.stem)
def test_a_config_of_mmpretrain_passes(path):
    errors = [*map(str, component_errors(Config.fromfile(path)))]
    assert [error for error in errors if MISSING not in error] == []


def test_the_check_takes_less_than_a_second(quickstart):
    check_components(quickstart)
    start = time.perf_counter()
    check_components(quickstart)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    'key, value, message',
    [
        ('model.memory.length', '2k', "model.memory.length='2k' must be an int .*; set model.memory.length=2000"),
        ('model.memory.feat_dim', None, 'model.memory.feat_dim=None must be an int'),
        ('model.memory', 5, 'model.memory=5 must be a dict'),
        ('model.memory.type', 'QeueMemory', "model.memory.type: .*did you mean 'QueueMemory'"),
        ('model.backbone.stem_channel', 8, "takes no argument 'stem_channel'; did you mean 'stem_channels'"),
        ('model.neck.norm_cfg.epss', 1, "model.neck.norm_cfg.epss: .*did you mean 'eps'"),
        ('model.head.student_temp', 'abc', "model.head.student_temp='abc' must be a positive number"),
        ('model.head.student_temp', NAN, 'model.head.student_temp=nan must be positive'),
        ('model.teacher.momentum', NAN, 'model.teacher.momentum=nan must be between 0 and 1'),
        ('model.teacher.momentum', RISING, 'model.teacher.momentum is a LinearSchedule that reaches 2, but .* 0 and 1'),
        ('model.num_key_views', RISING, 'model.num_key_views is a LinearSchedule .*must be an int.*give a constant'),
        ('model.data_preprocessor.std', [0, 0, 0], r'model.data_preprocessor.std\[0\]=0 must be positive'),
        ('model.data_preprocessor.std', [RISING], 'model.data_preprocessor.std.0 is a schedule'),
        ('optim_wrapper.optimizer.lr', -1, 'optim_wrapper.optimizer.lr=-1 must be at least 0'),
        ('optim_wrapper.optimizer.lr.end', NAN, 'optim_wrapper.optimizer.lr.end=nan must be a finite number'),
        ('optim_wrapper.optimizer.lr.warmup', 50, 'optim_wrapper.optimizer.lr: warmup=50 must be a share'),
        ('optim_wrapper.clip_grad.max_norm', 0, 'optim_wrapper.clip_grad.max_norm=0 must be positive'),
        ('optim_wrapper.clip_grad.type', 'per_tenser', "did you mean 'per_tensor'"),
        ('optim_wrapper.accumulative_counts', 0, 'optim_wrapper.accumulative_counts=0 must be at least 1'),
        ('optim_wrapper.constructor', 'mmengine.DefaultOptimWrapperConstructor', 'constructor=.* takes no schedule'),
        ('train_cfg.max_epochs', 'ten', "train_cfg.max_epochs='ten' must be an int.*set train_cfg.max_epochs=100"),
        ('train_cfg.max_epochs', 0, 'train_cfg.max_epochs=0 must be at least 1'),
        ('train_cfg.val_interval', 0, 'train_cfg.val_interval=0 must be at least 1'),
        ('train_dataloader.batch_size', 2.5, 'train_dataloader.batch_size=2.5 must be an int'),
        ('train_dataloader.num_workers', -1, 'train_dataloader.num_workers=-1 must be at least 0'),
        ('train_dataloader.batchsize', 8, "did you mean 'batch_size'"),
        ('train_dataloader.sampler', None, 'train_dataloader has no sampler'),
        ('train_dataloader.sampler.shuffle', 'maybe', "train_dataloader.sampler.shuffle='maybe' must be True or False"),
        ('train_dataloader.dataset.views.0.sise', 8, "train_dataloader.dataset.views.0.sise: .*did you mean 'size'"),
        ('default_hooks.checkpoint.max_keep_ckpt', 2, "did you mean 'max_keep_ckpts'"),
        ('default_hooks.logger.interval', 0, 'default_hooks.logger.interval=0 must be at least 1, or -1 for never'),
        ('custom_hooks', [dict(type='EMAHok')], "custom_hooks.0.type: .*did you mean 'EMAHook'"),
        ('custom_hooks', ['EMAHook'], "custom_hooks.0='EMAHook' must be dict"),
        ('custom_hooks', 5, 'custom_hooks must be a list'),
        ('val_cfg.benchmarks.0.probes.0.temperature', NAN, 'probes.0.temperature=nan must be positive'),
        ('val_cfg.benchmarks.0.probes.0.ks', (), r'val_cfg.benchmarks.0.probes.0.ks=\(\) must be non-empty'),
        ('env_cfg.mp_cfg.mp_start_method', 'frok', "did you mean 'fork'"),
        ('randomness.seed', -1, 'randomness.seed=-1 must be between 0 and 4'),
        ('auto_scale_lr.enabled', True, "auto_scale_lr.enabled: auto_scale_lr takes no argument 'enabled'"),
        ('resume', 'yes', "resume='yes' must be True or False"),
    ],
)
def test_a_mistake_is_named_with_its_key(quickstart, key, value, message):
    cfg = deepcopy(quickstart)
    *path, name = key.split('.')
    part = cfg
    for each in path:
        part = part[int(each)] if isinstance(part, list) else part[each]
    if value is None and name == 'sampler':
        part.pop(name)
    else:
        part[name] = value
    with pytest.raises((KeyError, TypeError, ValueError), match=message):
        check_components(cfg)


def test_what_is_left_out_or_built_already_passes(quickstart):
    cfg = deepcopy(quickstart)
    cfg.default_hooks.timer = None
    cfg.custom_hooks = [IterTimerHook()]
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    check_components(cfg)


def test_names_of_benchmarks_tuples_of_hooks_and_infinite_norms_pass(quickstart):
    cfg = deepcopy(quickstart)
    cfg.val_cfg.benchmarks.append('davis_mini')  # as docs/evaluation.md has it
    cfg.custom_hooks = (dict(type='EMAHook'), IterTimerHook())
    cfg.optim_wrapper.clip_grad = dict(max_norm=1.0, norm_type='inf')
    check_config(cfg)
    cfg.val_cfg.benchmarks[1] = 7
    with pytest.raises(TypeError, match=re.escape('val_cfg.benchmarks.1=7 must be the config of a component')):
        check_components(cfg)
