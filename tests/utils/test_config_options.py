"""``--cfg-options`` change a setting, or end in one sentence."""

import argparse

import pytest
from mmengine.config import Config

from sslreg.utils.command_line import add_cfg_options
from sslreg.utils.config_files import parse_config
from sslreg.utils.config_options import check_options

PARTS = dict(
    model=dict(neck=None, head=dict(temp=0.1, loss=dict(type='Loss'))),
    train_dataloader=dict(batch_size=8, dataset=dict(views=[dict(size=32), dict(size=16)])),
    val_cfg=dict(benchmarks=[dict(probes=[dict(ks=(5, 10))])]),
    train_cfg=dict(max_epochs=3),
    batch_size=8,
)


@pytest.mark.parametrize(
    ('option', 'value', 'message'),
    [
        ('trian_cfg.max_epochs', 5, 'nothing reads trian_cfg; did you mean train_cfg.max_epochs?'),
        ('optim_wraper.optimizer.lr', 5, 'did you mean optim_wrapper.optimizer.lr?'),
        ('resume_', True, 'nothing reads resume_; did you mean resume?'),
        ('custom_hook', [], 'did you mean custom_hooks?'),
        ('epochs', 1, 'nothing reads epochs; did you mean train_cfg.max_epochs?'),
        ('size', 1, 'did you mean train_dataloader.dataset.views.0.size or train_dataloader.dataset.views.1.size?'),
        ('probe.ks', (5,), r'="\(5,\)": nothing reads probe; did you mean val_cfg.benchmarks.0.probes.0.ks?'),
        ('banana', 1, r"nothing reads banana; .*own_keys=\['KEY'\]"),
        ('model..neck', 1, 'a key between dots is empty'),
        ('train_dataloader.dataset.views.2.size', 1, 'the list train_dataloader.dataset.views has indices 0 to 1'),
        ('train_dataloader.dataset.views.first.size', 1, 'has indices 0 to 1'),
        ('custom_hooks.0.type', 'X', r'the config has no list custom_hooks; set the whole list, custom_hooks=\[...\]'),
    ],
)
def test_a_key_that_does_not_exist(option, value, message):
    with pytest.raises(KeyError, match=f'--cfg-options {option}.*{message}'):
        check_options(Config(PARTS), {option: value})


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'train_cfg.max_epochs.x': 1}, 'train_cfg.max_epochs=3 has no keys below it; replace it by a value'),
        ({'model.head.temp.start': 1}, 'or by a component, model.head.temp.type=CLASS'),
        ({'val_cfg.benchmarks.0.probes.0.ks.1': 1}, r'is a tuple, which is set as a whole, .*ks="\(5,10\)"'),
        ({'model.head': None, 'model.head.temp': 1}, 'stands below model.head=None, which sets the whole'),
    ],
)
def test_a_key_that_cannot_be_set_where_it_is(options, message):
    with pytest.raises(TypeError, match=message):
        check_options(Config(PARTS), options)


def test_a_variable_of_a_stored_config_is_refused_with_the_key_of_its_name():
    with pytest.raises(ValueError, match='batch_size=7 has no effect: .* mean train_dataloader.batch_size'):
        check_options(Config(PARTS), {'batch_size': 7})


def test_options_change_values_lists_numbers_and_none():
    options = {
        'train_cfg.max_epochs': 5,
        'train_dataloader.dataset.views.1.size': 24,
        'model.head.temp.type': 'Schedule',
        'model.head.temp.start': 0.2,
        'model.neck.type': 'Neck',
        'model.head.loss._delete_': True,
        'model.head.loss.type': 'Other',
        'own_keys': ['mine'],
        'mine.a': 1,
    }
    cfg = parse_config(Config(PARTS).pretty_text, options)
    assert cfg.train_cfg.max_epochs == 5
    assert cfg.train_dataloader.dataset.views == [dict(size=32), dict(size=24)]
    assert cfg.model == dict(
        neck=dict(type='Neck'), head=dict(temp=dict(type='Schedule', start=0.2), loss=dict(type='Other'))
    )
    assert cfg.mine.a == 1


def parse(*words):
    parser = argparse.ArgumentParser()
    add_cfg_options(parser)
    return parser.parse_args(['--cfg-options', *words]).cfg_options


def test_values_of_the_command_line():
    assert parse('a=1', 'b=[1,2]', 'c="(5, 10)"', 'd=None', 'e=1e-3', 'f=True', 'g=x=y') == dict(
        a=1, b=[1, 2], c=(5, 10), d=None, e=0.001, f=True, g='x=y'
    )
    assert parse('data=my data/images') == dict(data='my data/images')


@pytest.mark.parametrize(
    ('word', 'message'),
    [
        ('epochs', 'write KEY=VALUE'),
        ('=3', 'write KEY=VALUE'),
        ('a=(1,2', 'its brackets do not match'),
        ("model.neck=dict(type='X')", 'a dict is set key by key'),
    ],
)
def test_a_misshaped_option_is_a_sentence(word, message, capsys):
    with pytest.raises(SystemExit):
        parse(word)
    assert message in capsys.readouterr().err.splitlines()[-1]
