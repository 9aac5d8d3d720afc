"""Parts that all command lines share."""

import pytest

from sslreg.utils import command_line


@pytest.fixture
def parser():
    parser = command_line.make_parser('First line.\n\npython tools/a.py\n')
    command_line.add_launcher(parser, 'a.sh: pytorch')
    command_line.add_cfg_options(parser, 'model.a=1')
    return parser


def test_config_options_are_a_dictionary_of_values(parser):
    args = parser.parse_args(['--cfg-options', 'a.b=1', 'c=[x,2]', 'd=word'])
    assert args.cfg_options == {'a.b': 1, 'c': ['x', 2], 'd': 'word'}
    assert parser.parse_args([]).cfg_options is None


def test_launchers_are_those_that_are_known(parser, capsys):
    assert parser.parse_args([]).launcher == 'none'
    with pytest.raises(SystemExit):
        parser.parse_args(['--launcher', 'mpi'])
    assert "invalid choice: 'mpi' (choose from" in capsys.readouterr().err


def test_help_shows_the_docstring_as_it_stands_and_the_examples(parser):
    text = parser.format_help()
    assert 'First line.\n\npython tools/a.py\n' in text
    assert 'program that started the processes (a.sh: pytorch)' in text
    assert 'e.g. model.a=1' in text


def test_a_policy_that_the_user_has_chosen_stays(monkeypatch):
    monkeypatch.setenv('OMP_WAIT_POLICY', 'ACTIVE')
    command_line.prepare()
    assert command_line.os.environ['OMP_WAIT_POLICY'] == 'ACTIVE'
    monkeypatch.delenv('OMP_WAIT_POLICY')
    command_line.prepare()
    assert command_line.os.environ['OMP_WAIT_POLICY'] == 'PASSIVE'


def test_unknown_arguments_are_shown_the_way_to_the_config(parser, capsys):
    with pytest.raises(SystemExit):
        parser.parse_args(['--epochs', '10'])
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith('settings of the config go behind --cfg-options, as KEY=VALUE')
