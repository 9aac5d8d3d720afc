"""Schedules that stand where their values stand: who moves them, in which lengths, and what is refused at start."""

import math
import runpy
from dataclasses import dataclass

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModule
from mmengine.optim.optimizer import amp_optimizer_wrapper
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.models import ContrastiveHead

from sslreg import scheduled
from sslreg.engine import MatrixDecayConstructor, ScheduledValues, TrainingLength, WarmupSchedule
from sslreg.engine.config import refuse_misplaced_schedules
from sslreg.engine.hooks import drop_old_hooks, refuse_old_hooks
from sslreg.engine.schedules import Schedule
from sslreg.models import ViewMemoryHead
from sslreg.registry import HOOKS, MODELS, OPTIM_WRAPPER_CONSTRUCTORS, SCHEDULES
from sslreg.scheduled import adopt, scheduled_numbers
from sslreg.utils.config_files import load_config
from tests import toy

RISING = dict(type='LinearSchedule', start=0.1, end=0.6)


class Record(Hook):
    """The values in force at each step."""

    def __init__(self):
        self.temps, self.lrs, self.steps = [], [], []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.temps.append(runner.model.head.teacher_temp)
        self.lrs.append(runner.optim_wrapper.get_lr()['lr'][0])
        self.steps.append(int(runner.model.teacher.steps))


def record(cfg) -> Record:
    runner, hook = Runner.from_cfg(cfg), Record()
    runner.register_hook(hook)
    runner.train()
    return hook


def test_an_override_is_a_constant_or_changes_the_schedule(tmp_path):
    constant = {'model__head__teacher_temp': 0.1, 'optim_wrapper__optimizer__lr': 0.5}
    found = record(toy.config(tmp_path / 'constant', **constant))
    assert found.temps == [0.1] * 6
    assert found.lrs == [0.5] * 6
    found = record(toy.config(tmp_path / 'end', model__head__teacher_temp__end=0.1))
    assert found.temps == pytest.approx([0.04, 0.07, 0.1, 0.1, 0.1, 0.1])


@pytest.mark.parametrize('warmup, epochs, expected', [('1ep', 2, 3), ('1ep', 4, 3), ('4it', 2, 4), ('0ep', 2, 0)])
def test_typed_lengths_keep_their_length(tmp_path, warmup, epochs, expected):
    """An epoch has 3 steps; the warm-up reaches its end at its last step."""
    temps = record(toy.config(tmp_path, epochs, model__head__teacher_temp__warmup=warmup)).temps
    assert sum(temp < 0.07 for temp in temps) == max(expected - 1, 0)


def test_steps_are_the_optimizers_under_accumulation(tmp_path):
    options = dict(model__head__teacher_temp__warmup='2it', optim_wrapper__accumulative_counts=2)
    assert sum(temp < 0.07 for temp in record(toy.config(tmp_path, **options)).temps) == 3  # 4 passes


def test_an_epoch_of_an_iteration_based_run_is_a_pass_over_the_images(tmp_path):
    loop = dict(_delete_=True, type='IterBasedTrainLoop', max_iters=7, val_interval=7)
    cfg = toy.config(tmp_path, train_cfg=loop, model__head__teacher_temp__warmup='2ep')
    cfg.default_hooks.checkpoint.by_epoch = False
    assert sum(temp < 0.07 for temp in record(cfg).temps) == 5


@pytest.mark.parametrize(
    'option, place',
    [
        ('model__head__teacher_temp__warmup', 'model.head.teacher_temp'),
        ('optim_wrapper__optimizer__lr__warmup', 'optim_wrapper.optimizer.lr'),
    ],
)
def test_a_length_beyond_the_run_is_refused_at_start(tmp_path, option, place):
    message = (
        rf"{place}: warmup='3ep' \(9 iterations\) is longer than the run \(6 iterations\): .* train_cfg.max_epochs=2"
    )
    with pytest.raises(ValueError, match=message):
        toy.train(tmp_path, **{option: '3ep'})


def test_a_dataset_without_length_has_no_epochs():
    with pytest.raises(ValueError, match=r"warmup='1ep': the training set has no length.*warmup='500it'"):
        WarmupSchedule(0.0, 1.0, '1ep').resolved(TrainingLength(10))


@pytest.mark.parametrize(
    'option, value, message',
    [
        (
            'model__head__teacher_temp__end',
            -0.04,
            'ViewMemoryHead: teacher_temp=.*reaches -0.04, which is refused: .*must be positive',
        ),
        ('model__head__teacher_temp__end', math.nan, 'WarmupSchedule: end=nan must be a finite number'),
        (
            'model__teacher__momentum',
            dict(_delete_=True, type='LinearSchedule', start=0.1, end=1.5),
            'reaches 1.5, .*must be between 0 and 1',
        ),
        ('optim_wrapper__optimizer__lr__end', -1, 'optimizer.lr=.*refused: AdamW: lr=-1.0 must be at least 0'),
        ('optim_wrapper__optimizer__lr__start', -1, 'AdamW: lr=-1.0 must be at least 0'),
        ('optim_wrapper__optimizer__amsgrad', RISING, 'optimizer.amsgrad of AdamW is no number'),
        ('model__head__student_temp', math.nan, 'student_temp=nan must be positive'),
        (
            'param_scheduler',
            dict(type='CosineAnnealingLR'),
            'optimizer.lr is a schedule, and param_scheduler changes it',
        ),
        ('model__head__teacher_temp__end', '0.07', "WarmupSchedule: end='0.07' must be a finite number"),
        (
            'model__head__teacher_temp',
            dict(_delete_=True, type='SwitchSchedule', start=0.1, end=-0.1, at=0.9999),
            'reaches -0.1, which is refused',
        ),
        ('optim_wrapper__optimizer__lr__end', math.inf, 'CosineSchedule: end=inf must be a finite number'),
        (
            'optim_wrapper__optimizer__weight_decay',
            dict(type='LinearSchedule', start=0.1, end=-0.1),
            'optimizer.weight_decay=.*AdamW: weight_decay=-0.1 must be at least 0',
        ),
    ],
)
def test_a_value_that_a_constant_may_not_have_is_refused_at_start(tmp_path, option, value, message):
    with pytest.raises((TypeError, ValueError), match=message):
        toy.train(tmp_path, **{option: value})


@pytest.mark.parametrize('kind', ['WarmupShedule', 'my_module.WarmupSchedule'])
def test_a_misspelt_schedule_is_told_the_name(tmp_path, kind):
    with pytest.raises(
        KeyError, match=f"{kind} is not in the sslreg::schedule registry; did you mean 'WarmupSchedule'"
    ):
        toy.train(tmp_path, model__head__teacher_temp__type=kind)


def test_a_schedule_may_have_its_scope():
    assert scheduled.is_schedule(dict(type='sslreg.WarmupSchedule'), SCHEDULES)


@SCHEDULES.register_module()
@dataclass(frozen=True)
class SawtoothSchedule(Schedule):
    start: float
    end: float
    period: str = '1ep'

    def __call__(self, step, num_steps):
        period = round(self.period * num_steps)
        return self.start + (self.end - self.start) * (step % period) / period


def test_lengths_of_a_users_own_schedule_are_checked_before_a_text_is_multiplied(tmp_path):
    sawtooth = dict(_delete_=True, type='SawtoothSchedule', start=0.1, end=0.4)
    runner = toy.train(tmp_path, model__head__teacher_temp=sawtooth)
    assert runner.message_hub.get_scalar('train/head.teacher_temp').data[0].tolist() == pytest.approx(
        [0.1, 0.2, 0.3] * 2
    )
    with pytest.raises(ValueError, match="period='1 ep' must be"):
        SawtoothSchedule(0.1, 0.4, '1 ep')


@pytest.mark.parametrize(
    'place, value',
    [
        ('optim_wrapper.clip_grad', dict(max_norm=RISING)),
        ('optim_wrapper.optimizer.betas', [RISING, 0.99]),
        ('train_dataloader.dataset.pipeline.0.transforms', [dict(type='RandomFlip', prob=RISING)]),
    ],
)
def test_a_schedule_that_nothing_moves_is_refused(tmp_path, place, value):
    cfg = toy.config(tmp_path)
    refuse_misplaced_schedules(cfg)
    cfg.merge_from_dict({place: value})
    with pytest.raises(ValueError, match=rf'{place}[\w.]*: no schedule can stand here'):
        refuse_misplaced_schedules(cfg)


def test_a_schedule_replaces_a_number_on_the_command_line(tmp_path):
    path = tmp_path / 'toy.py'
    toy.config(tmp_path).dump(path)
    cosine = {'type': 'CosineSchedule', 'start': 0.5, 'end': 0.0}
    cfg = load_config(path, {f'model.teacher.momentum.{name}': value for name, value in cosine.items()})
    assert cfg.model.teacher.momentum == cosine
    cfg = load_config(path, {'model.head.teacher_temp.type': 'CosineSchedule', 'model.backbone.type': 'ToyLinear'})
    assert cfg.model.head.teacher_temp == dict(type='CosineSchedule', start=0.04, end=0.07, warmup=0.5)
    assert cfg.model.backbone == dict(type='ToyLinear', drop_rate=0.0)


@pytest.mark.parametrize('before, after, expected', [(1e-3, RISING, 0.6), (RISING, 1e-3, 1e-3)])
def test_a_resumed_run_may_have_a_schedule_for_a_constant_or_the_reverse(tmp_path, before, after, expected):
    configs = [toy.config(tmp_path) for _ in range(2)]
    for cfg, lr in zip(configs, (before, after), strict=True):
        cfg.optim_wrapper.optimizer.lr = lr
    toy.interrupt(configs[0], 1)
    assert toy.resume(configs[1]).optim_wrapper.get_lr()['lr'] == [pytest.approx(expected)]


def test_checking_a_range_uses_no_random_numbers():
    """So that a run with a constant and one with a schedule start alike."""
    states = []
    for momentum in (0.5, dict(type='LinearSchedule', start=0.5, end=0.0)):
        torch.manual_seed(0)
        model = MODELS.build(toy.model(memory=dict(type='InstanceMemory', length=9, feat_dim=4, momentum=momentum)))
        states.append(model.memory.feats)
    assert states[0].equal(states[1])


@MODELS.register_module(force=True)
class OwnHead(ViewMemoryHead):
    """A user's own, which knows numbers only."""

    def __init__(self, sharpness: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.sharpness = sharpness


class Forgetful(BaseModule):
    """Keeps another number than it was given."""

    def __init__(self, share: float, size: float = 1.0, rest: float = 0.8):
        super().__init__()
        self.share = 1 - share

    @property
    def rest(self):
        return 1 - self.share + RISING['start'] - 0.2


def test_a_component_of_a_users_own_needs_to_know_nothing(tmp_path):
    head = dict(type='OwnHead', loss=dict(type='ViewMemoryCELoss'), sharpness=RISING)
    runner = toy.train(tmp_path, model__head=dict(head, _delete_=True))
    logged = runner.message_hub.get_scalar('train/head.sharpness').data[0]
    assert logged.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert runner.model.head.sharpness == pytest.approx(0.6)


@pytest.mark.parametrize('name, found', [('size', 'no such attribute'), ('share', 'a float'), ('rest', 'a property')])
def test_a_number_that_is_not_kept_cannot_be_moved(name, found):
    with pytest.raises(TypeError, match=rf"Forgetful cannot follow a schedule.*attribute '{name}' \(found: {found}\)"):
        MODELS.build({'type': Forgetful, 'share': 0.2, name: RISING})


def test_components_that_mmpretrain_builds_are_found():
    head = ContrastiveHead(loss=dict(type='CrossEntropyLoss'), temperature=RISING)
    adopt(head, SCHEDULES)
    assert head.temperature == 0.1
    assert [each.name for each in scheduled_numbers(head)] == ['temperature']


def wrapper_of(model, **cfg):
    constructor = cfg.pop('constructor', 'DefaultOptimWrapperConstructor')
    paramwise = cfg.pop('paramwise_cfg', None)
    cfg = dict(type=constructor, optim_wrapper_cfg=cfg, paramwise_cfg=paramwise)
    with DefaultScope.overwrite_default_scope('sslreg'):
        return OPTIM_WRAPPER_CONSTRUCTORS.build(cfg)(model)


COSINE = dict(type='CosineSchedule', start=1.0, end=0.0, warmup='2ep')


@pytest.mark.parametrize('kind', ['OptimWrapper', 'SSLOptimWrapper', 'AmpOptimWrapper'])
def test_groups_of_mmengines_constructor_keep_their_factor(kind, monkeypatch):
    monkeypatch.setattr(amp_optimizer_wrapper, 'is_cuda_available', lambda: True)  # it refuses the CPU
    model = torch.nn.Linear(2, 2)
    optimizer = dict(type='SGD', lr=COSINE, momentum=0.9, weight_decay=dict(type='LinearSchedule', start=0.0, end=0.4))
    paramwise = dict(custom_keys={'bias': dict(lr_mult=0.1, decay_mult=0.0)})
    wrapper = wrapper_of(model, type=kind, optimizer=optimizer, paramwise_cfg=paramwise)
    values = ScheduledValues(model, wrapper.optimizer, TrainingLength(10, 2))
    assert values.set(0) == dict(lr=0.0, weight_decay=0.0)
    groups = wrapper.optimizer.param_groups
    assert [group['lr'] for group in groups] == [0, 0]
    values.set(9)
    weight, bias = groups
    assert bias['lr'] == pytest.approx(0.1 * weight['lr'])
    assert (weight['weight_decay'], bias['weight_decay']) == (pytest.approx(0.4), 0)


def test_what_has_no_decay_keeps_none_with_two_groups():
    model = torch.nn.Linear(2, 2)
    optimizer = dict(type='AdamW', lr=1e-3, weight_decay=dict(type='CosineSchedule', start=0.0, end=0.4))
    wrapper = wrapper_of(model, constructor=MatrixDecayConstructor, type='OptimWrapper', optimizer=optimizer)
    ScheduledValues(model, wrapper.optimizer, TrainingLength(10)).set(5)
    weight, bias = (group['weight_decay'] for group in wrapper.optimizer.param_groups)
    assert (weight, bias) == (pytest.approx(0.2), 0)


def test_an_optimizer_whose_schedules_nobody_moves_does_not_step():
    model = torch.nn.Linear(2, 2)
    wrapper = wrapper_of(model, type='OptimWrapper', optimizer=dict(type='SGD', lr=COSINE))
    with pytest.raises(
        RuntimeError, match=r'nothing moves the schedules of optim_wrapper.optimizer.lr: add default_hooks'
    ):
        wrapper.update_params(model(torch.ones(1, 2)).sum())


HOOKS_OF_A_USER = {
    'own custom hooks': dict(custom_hooks=[dict(type='IterTimerHook')]),
    'own default hooks': dict(default_hooks=dict(_delete_=True, seed=dict(type='EpochSeedHook'))),
    'the teacher listed, as before': dict(custom_hooks=[dict(type='TeacherEMAHook')]),
    'the teacher listed twice': dict(custom_hooks=[dict(type='TeacherEMAHook')] * 2),
    'all listed': dict(custom_hooks=[dict(type='TeacherEMAHook'), dict(type='ScheduledValuesHook')]),
}


@pytest.mark.parametrize('options', HOOKS_OF_A_USER.values(), ids=HOOKS_OF_A_USER)
def test_whatever_hooks_a_config_lists_nothing_is_lost(tmp_path, options):
    expected = toy.state(toy.train(tmp_path / 'usual'))
    for name, value in toy.state(toy.train(tmp_path / 'own', **options)).items():
        assert torch.equal(value, expected[name]), name


@HOOKS.register_module()
class Started(Hook):
    begun = False

    def before_run(self, runner):
        self.begun = True


def test_a_hook_that_is_added_sees_the_start_of_the_run(tmp_path):
    runner = Runner.from_cfg(toy.config(tmp_path))
    runner.model.memory.required_hooks = ('Started',)
    runner.train()
    assert [hook.begun for hook in runner.hooks if isinstance(hook, Started)] == [True]


def test_an_instance_memory_brings_its_start(tmp_path):
    cfg = toy.instance_config(tmp_path)
    cfg.default_hooks = dict(seed=dict(type='EpochSeedHook'))
    runner = Runner.from_cfg(cfg)
    runner.train()
    names = [type(hook).__name__ for hook in runner.hooks]
    assert {'MemoryInitHook', 'MemoryCheckHook', 'ScheduledValuesHook'} <= {*names}
    assert 'TeacherEMAHook' not in names


def test_a_teacher_that_nobody_starts_is_an_error():
    model = MODELS.build(toy.model())
    with pytest.raises(RuntimeError, match='the teacher has not been started and would stay random: add default_hooks'):
        model.loss([torch.randn(2, 3, 8, 8)] * 3, torch.arange(2))


OLD = [
    dict(type='OptimizerScheduleHook', param='lr', schedule=dict(type='CosineSchedule', start=1e-2, end=0, warmup=0.1)),
    dict(
        type='ScheduleHook',
        target='head.teacher_temp',
        schedule=dict(type=WarmupSchedule, start=0.04, end=0.07, warmup=30 / 800),
    ),
]


@pytest.mark.parametrize(
    'hook, message',
    zip(
        OLD,
        [
            'OptimizerScheduleHook .*write optim_wrapper.optimizer.lr=.*CosineSchedule, start=0.01, end=0, warmup=0.1.',
            'ScheduleHook .*write model.head.teacher_temp=.*WarmupSchedule, start=0.04, end=0.07, warmup=0.0375.',
        ],
        strict=True,
    ),
)
def test_a_hook_of_an_older_config_shows_the_new_form(hook, message):
    with pytest.raises(ValueError, match=message):
        HOOKS.build(hook)


def old_config(tmp_path) -> Config:
    cfg = toy.config(tmp_path, model__head__teacher_temp=0.07, optim_wrapper__optimizer__lr=1e-2)
    cfg.custom_hooks = [*OLD, dict(type='TeacherEMAHook')]
    return cfg


def test_training_an_older_config_shows_all_at_once_in_epochs(tmp_path):
    cfg = old_config(tmp_path)
    cfg.train_cfg.max_epochs = 800
    with pytest.raises(ValueError, match=r"warmup='80ep'\), model.head.teacher_temp=.* warmup='30ep'\)$"):
        refuse_old_hooks(cfg)


def test_an_older_config_evaluates_its_checkpoint(tmp_path):
    runner = toy.train(tmp_path)
    cfg = old_config(tmp_path / 'test')
    cfg.experiment_name = 'test'
    cfg.load_from = str(tmp_path / 'epoch_2.pth')
    drop_old_hooks(cfg)
    assert Runner.from_cfg(cfg).test() == runner.val_loop.run()


def test_evaluation_leaves_the_config_of_the_training_in_the_work_dir(tmp_path):
    path, cfg = tmp_path / 'toy.py', toy.config(tmp_path)
    cfg.custom_hooks = [dict(type='OptimizerScheduleHook', param='lr', schedule=toy.LR)]
    cfg.dump(path)
    text, cfg = path.read_text(), Config.fromfile(path)
    drop_old_hooks(cfg)
    runpy.run_path('tools/test.py')['Tester'].from_cfg(cfg)
    assert path.read_text() == text
