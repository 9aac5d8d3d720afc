"""A training's config has what a training needs, with names that exist."""

from pathlib import Path

import pytest
from mmengine.config import Config

from sslreg.engine.checks.keys import check_imports, check_keys
from sslreg.utils.config_files import load_config

OTHERS = ('benchmarks', 'encoders')
PARTS = dict(
    model=dict(type='A'),
    train_dataloader=dict(dataset=dict(type='A')),
    optim_wrapper=dict(optimizer=dict(type='A')),
    train_cfg=dict(by_epoch=True, max_epochs=1),
    work_dir=None,
)


CONFIGS = [*sorted(Path('configs').glob('[!_]*/*.py')), *sorted(Path('tests/dumped').glob('*.py'))]


@pytest.mark.parametrize('path', [each for each in CONFIGS if each.parent.name not in OTHERS], ids=str)
def test_every_config_of_a_training_passes(path):
    check_keys(load_config(path))


def test_every_part_of_a_training_is_needed():
    check_keys(Config(PARTS))
    for name in ('model', 'train_dataloader', 'optim_wrapper', 'train_cfg'):
        with pytest.raises(KeyError, match=f'has no {name}, which a training needs'):
            check_keys(Config({key: value for key, value in PARTS.items() if key != name}))


@pytest.mark.parametrize(
    ('path', 'message'),
    [
        (
            'configs/benchmarks/cifar10.py',
            'it describes a benchmark, `python tools/test.py CONFIG CHECKPOINT --benchmarks',
        ),
        ('configs/benchmarks/transfer.py', 'it describes a benchmark'),
        ('configs/encoders/vit.py', 'a network alone is evaluated by `python tools/test.py'),
        ('configs/_base_/default_runtime.py', 'configs to inherit from are in configs/'),
    ],
)
def test_configs_of_other_tools_name_their_tool(path, message):
    with pytest.raises(KeyError, match=message):
        check_keys(Config.fromfile(path))


def test_a_config_for_finetuning_names_its_tool():
    with pytest.raises(ValueError, match='dist_train_seg.sh the config CHECKPOINT 1'):
        check_keys(Config(PARTS | dict(default_scope='mmseg')))


def test_half_of_a_loop_is_refused():
    with pytest.raises(KeyError, match='no val_evaluator: set it, or val_dataloader=None and val_cfg=None for none'):
        check_keys(Config(PARTS | dict(val_dataloader=dict(a=1), val_cfg=dict(a=1))))


def test_a_misspelt_key_of_a_stored_config_is_refused():
    with pytest.raises(KeyError, match=r'nothing reads custom_hook of the config; did you mean custom_hooks'):
        check_keys(Config(PARTS | dict(custom_hook=[])))


@pytest.mark.parametrize(
    ('change', 'error', 'message'),
    [
        (dict(model=5), TypeError, 'model=5 must be a dict'),
        (dict(train_cfg=5), TypeError, 'train_cfg=5 must be a dict or None'),
        (dict(work_dir=5), TypeError, 'work_dir=5 must be a string'),
        (dict(resume='yes'), TypeError, "resume='yes' must be True or False"),
        (dict(custom_hooks=dict(type='A')), TypeError, 'must be a list or None'),
        (dict(model=dict(backbone=1)), KeyError, 'model has no type: .* write `model.KEY = VALUE`'),
        (dict(train_dataloader=dict(batch_size=1)), KeyError, 'train_dataloader has no dataset'),
        (dict(train_cfg=dict(max_epochs=1)), KeyError, 'train_cfg has no type'),
        (dict(optim_wrapper=dict(type='A')), KeyError, 'optim_wrapper has no optimizer'),
    ],
)
def test_a_part_of_another_kind_is_refused(change, error, message):
    with pytest.raises(error, match=message):
        check_keys(Config(PARTS | change))


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        (
            'from mmengine.runner import EpochBasedTrainLop as Loop',
            r'has no EpochBasedTrainLop; did you mean .EpochBased',
        ),
        ('from mmengine.runer import EpochBasedTrainLoop as Loop', "line 1: No module named 'mmengine.runer'"),
        ('from sslreg.models.nothing import Loop', "line 1: No module named 'sslreg.models.nothing'"),
    ],
)
def test_a_misspelt_import_is_named_with_its_line(line, message, tmp_path):
    (tmp_path / 'mine.py').write_text(f'{line}\ntrain_cfg = [dict(type=Loop)]\n')
    with pytest.raises(ImportError, match=f'mine.py, {message}' if 'line' in message else message):
        check_imports(load_config(tmp_path / 'mine.py')._to_lazy_dict())


def test_a_message_for_each_key_of_the_runner():
    from inspect import signature

    from mmengine.runner import Runner

    from sslreg.utils.config_keys import TRAINING

    assert set(TRAINING) == set(signature(Runner.__init__).parameters) - {'self', 'cfg'}
