"""A mutated config trains with a setting that has an effect, or is refused by key and value before the first step."""

import subprocess

import pytest

from tests.engine import fuzz
from tests.warm_python import warm_python


def check(*options: str) -> None:
    command = [warm_python(), '-m', 'tests.engine.fuzz', *options]
    result = subprocess.run(command, cwd=fuzz.ROOT, capture_output=True, text=True, timeout=850, check=False)
    assert result.returncode == 0, f'`{" ".join(["python", *command[1:]])}`:\n{result.stdout}{result.stderr}'


def test_some_mutated_configs_train_or_are_refused_by_key():
    check('--limit', '30', '--seed', '2')


@pytest.mark.slow
def test_mutated_configs_train_or_are_refused_by_key():
    check('--limit', '300', '--seed', '1')


@pytest.mark.parametrize(
    'message, kind, problem',
    [
        ("model.memory.length='ten' must be an integer", 'wrong', None),
        ("'<' not supported between instances of 'str' and 'int'", 'wrong', 'bare'),
        ('model.memory.length must be an integer', 'wrong', 'bare'),
        ('model.memory takes no lenght', 'misspelt', None),
        ('model.memory is wrong', 'misspelt', 'bare'),
    ],
)
def test_an_error_is_a_sentence_if_it_names_the_key(message, kind, problem):
    value = 'lenght' if kind == 'misspelt' else "'ten'"
    case = fuzz.Case('massl', ('model', 'memory', 'length'), kind, '', value)
    assert fuzz.problem(case, fuzz.Outcome('refused', message)) == problem


def test_a_value_that_cannot_be_meant_is_nonsense_if_it_trains():
    case = fuzz.Case('massl', ('model', 'memory', 'length'), 'nan', '', "float('nan')")
    assert fuzz.problem(case, fuzz.Outcome('trained')) == 'nonsense'
    assert fuzz.problem(case._replace(kind='zero'), fuzz.Outcome('trained')) is None
    assert fuzz.problem(case, fuzz.Outcome('hang')) == 'hang'
