"""A setting of a config file has an effect, or is refused with what to set instead."""

import pytest

from sslreg.utils.config_files import load_config, parse_config

BASE = """
from torch.optim import SGD

batch_size = 8
size = 32
knn = dict(ks=(5,))
pipeline = [dict(type='Load'), dict(type='Resize', scale=size)]
train_dataloader = dict(batch_size=batch_size, dataset=dict(pipeline=pipeline))
val_cfg = dict(benchmarks=[dict(probes=[knn])])
optim_wrapper = dict(optimizer=dict(type=SGD, lr=0.1 * batch_size / 8))
train_cfg = dict(max_epochs=3)
"""
IMPORT = 'from mmengine.config import read_base\nwith read_base():\n    from .base import *\n'
INHERIT = "_base_ = './base.py'\n"


@pytest.fixture
def child(tmp_path):
    """Return a function that loads a config which inherits from BASE."""

    def load(text, head=IMPORT, options=None, base=BASE):
        (tmp_path / 'base.py').write_text(
            base if head == IMPORT else base.replace('from torch.optim import SGD', 'SGD = 1')
        )
        (tmp_path / 'child.py').write_text(head + text)
        return load_config(tmp_path / 'child.py', options)

    return load


@pytest.mark.parametrize(
    ('line', 'remedy'),
    [
        ('epochs = 30', 'nothing reads epochs; did you mean train_cfg.max_epochs?'),
        ('lr = 0.5', 'did you mean optim_wrapper.optimizer.lr?'),
        ('optim_wraper = dict()', 'did you mean optim_wrapper?'),
        ('custom_hook = []', 'did you mean custom_hooks?'),
        ('note = "mine"', r"no setting depends on it .*own_keys=\['KEY'\]"),
        (
            'batch_size = 16',
            r'write train_dataloader.batch_size = 16; optim_wrapper.optimizer.lr = 0.2, '
            r'or variables = dict\(batch_size=16\) for all',
        ),
        ('batch_size *= 2', 'write train_dataloader.batch_size = 16'),
        ('knn.ks = (5, 20)', r'write val_cfg.benchmarks\[0\].probes\[0\].ks = \(5, 20\)'),
        ('knn.update(ks=(5, 20))', r'write val_cfg.benchmarks\[0\].probes\[0\].ks = \(5, 20\)'),
        ('pipeline[1].scale = 96', r'write train_dataloader.dataset.pipeline\[1\].scale = 96'),
        ('pipeline.append(1)', 'write train_dataloader.dataset.pipeline = '),
        ('pipeline = []', r'write train_dataloader.dataset.pipeline = \[\]'),
        ('for each in pipeline:\n    each.scale = 5', 'nothing reads each'),
    ],
)
def test_a_line_without_effect_is_refused_with_what_to_write(child, line, remedy):
    with pytest.raises(ValueError, match=rf'(?s)child.py, line [45]: .* has no effect: .*{remedy}'):
        child(line)


@pytest.mark.parametrize(
    ('line', 'remedy'),
    [
        ('epochs = 30', 'did you mean train_cfg.max_epochs?'),
        ('size = 96', 'set train_dataloader.dataset.pipeline.1.scale=96, or variables.size=96 for all'),
        ("pipeline = [dict(type='Load')]", 'set train_dataloader.dataset.pipeline='),
    ],
)
def test_configs_with_base_are_checked_alike(child, line, remedy):
    with pytest.raises(ValueError, match=f'child.py, line 2: .* has no effect: .*{remedy}'):
        child(line, INHERIT)


@pytest.mark.parametrize(
    'lines',
    [
        'batch_size = 16\ntrain_dataloader.batch_size = batch_size',
        'pipeline[1].scale = 96\ntrain_dataloader.dataset.pipeline = pipeline',
        'part = train_dataloader.dataset.pipeline[1]\npart.scale = 96',
        'part = train_dataloader.dataset\npart.pipeline[0].update(a=1)',
        'for part in train_dataloader.dataset.pipeline:\n    part.scale = 96',
        'a, b = 5, 6\ntrain_cfg.max_epochs = a',
        'train_cfg.max_epochs = epochs = 30',
        'def double(n):\n    return n * factor\n\n\nfactor = 2\ntrain_cfg.max_epochs = double(3)',
        '_note = "mine"',
        "own_keys = ['mine']\nmine = 3",
        'resume = True',
    ],
)
def test_lines_with_an_effect_pass(child, lines):
    child(lines)


@pytest.mark.parametrize(
    'line', ['size = 96\ntrain_cfg = dict(max_epochs=size)', 'train_cfg = dict(max_epochs={{_base_.size}})']
)
def test_lines_of_configs_with_base_pass(child, line):
    assert child(line, INHERIT).train_cfg.max_epochs in (96, 32)


def test_a_file_between_may_define_but_not_change_in_vain(child, tmp_path):
    (tmp_path / 'middle.py').write_text(IMPORT + 'colors = dict(gray=0.2)\n')
    head = IMPORT.replace('.base', '.middle')
    child('', head.replace('from .middle', 'from .base') + '    from .middle import *\n')
    (tmp_path / 'middle.py').write_text(IMPORT + 'knn.ks = (7,)\n')
    with pytest.raises(ValueError, match=r"middle.py, line 4: 'knn.ks = \(7,\)' has no effect"):
        child('', head)
    child('val_cfg.benchmarks[0].probes = [knn]\n', head)


def test_a_config_that_mmengine_wrote_keeps_its_variables(child, tmp_path):
    cfg = child('', base=BASE)
    cfg.dump(tmp_path / 'dumped.py')
    assert load_config(tmp_path / 'dumped.py').batch_size == 8
    assert parse_config(cfg.pretty_text, {'train_cfg.max_epochs': 4}).train_cfg.max_epochs == 4
    with pytest.raises(ValueError, match='variables.batch_size=4: only a config file in Python has variables'):
        parse_config(cfg.pretty_text, {'variables.batch_size': 4})


@pytest.mark.parametrize('head', [IMPORT, INHERIT])
def test_variables_reach_every_setting_that_follows(child, head, tmp_path):
    cfg = child('variables = dict(batch_size=16)\n', head, {'variables.size': 64, 'train_cfg.max_epochs': 5})
    assert cfg.train_dataloader.batch_size == 16
    assert cfg.optim_wrapper.optimizer.lr == 0.2
    assert cfg.train_dataloader.dataset.pipeline[1].scale == 64
    assert cfg.train_cfg.max_epochs == 5
    assert cfg.filename == str(tmp_path / 'child.py')
    assert 'variables' not in cfg
    assert parse_config(cfg.pretty_text).train_dataloader.batch_size == 16


def test_variables_below_a_key(child):
    cfg = child('', options={'variables.pipeline.1.scale': 64, 'variables.knn.ks': (9,)})
    assert cfg.train_dataloader.dataset.pipeline == [dict(type='Load'), dict(type='Resize', scale=64)]
    assert cfg.val_cfg.benchmarks[0].probes[0].ks == (9,)


def test_variables_without_effect_are_refused(child):
    with pytest.raises(KeyError, match='variables.batchsize=4: the config has no .* did you mean batch_size?'):
        child('', options={'variables.batchsize': 4})
    later = 'val_cfg.benchmarks[0].probes[0].ks = (1,)\n'
    with pytest.raises(ValueError, match='has no effect, .* did you mean val_cfg.benchmarks.0.probes.0.ks?'):
        child(later, options={'variables.knn.ks': (9,)})
    assert child('', options={'variables.batch_size': 8}).train_dataloader.batch_size == 8
