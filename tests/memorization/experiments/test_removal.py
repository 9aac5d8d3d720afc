"""Images that f is trained without, by hand-made scores."""

import pytest
import torch

from sslreg.memorization import Split
from sslreg.memorization.experiments import removal
from sslreg.memorization.experiments.records import ConditionRun
from sslreg.memorization.experiments.removal import RemovalCondition

SPLIT = Split(shared=[0, 1], candidate=[4, 5, 6, 7], independent=[8, 9], extra=[0])
SCORES = torch.tensor([0.1, 0.4, -0.2, 0.4])


def left(order: str, number: int, seed: int = 0) -> list[int]:
    return removal.without_candidates(SPLIT, SCORES, RemovalCondition(order, number, seed)).candidate


def test_which_candidates_are_left_out():
    assert left('none', 0) == [4, 5, 6, 7]
    assert left('most', 1) == [4, 6, 7]
    assert left('most', 3) == [6]
    assert left('least', 2) == [5, 7]
    assert left('most', 4) == []


def test_only_candidates_go():
    split = removal.without_candidates(SPLIT, SCORES, RemovalCondition('most', 2, 0))
    assert split._replace(candidate=[]) == SPLIT._replace(candidate=[])
    assert split.of_f == [0, 1, 4, 6]


def test_random_ones_are_nested_and_drawn_by_the_seed():
    split = SPLIT._replace(candidate=list(range(100, 200)))

    def gone(number, seed):
        return set(split.candidate) - set(
            removal.without_candidates(split, torch.zeros(100), RemovalCondition('random', number, seed)).candidate
        )

    assert gone(10, 0) < gone(20, 0)
    assert gone(10, 0) == gone(10, 0) != gone(10, 1)
    assert len(gone(20, 1)) == 20


def test_conditions_are_each_once_and_start_with_all_images():
    assert removal.removal_conditions(['random', 'most'], [8, 4, 8], [1, 1]) == [
        ('none', 0, 1),
        *[('most', 4, 1), ('random', 4, 1), ('most', 8, 1), ('random', 8, 1)],
    ]


@pytest.mark.parametrize(
    'number, batch_size, message',
    [
        (0, 1, '0 candidates cannot be left out: the split has 4'),
        (5, 1, '5 candidates cannot be left out: the split has 4'),
        (3, 4, 'without 3 candidates f has 3 images to be trained on, less than a batch of 4'),
    ],
)
def test_numbers_that_cannot_be_left_out(number, batch_size, message):
    removal.check_numbers([1, 2], SPLIT, batch_size)
    with pytest.raises(ValueError, match=message):
        removal.check_numbers([1, number], SPLIT, batch_size)


def test_a_training_stays_with_its_split(tmp_path):
    path = tmp_path / 'removal' / 'most-1' / 'seed0.json'
    removal.keep_split(SPLIT, path)
    removal.keep_split(SPLIT, path)
    with pytest.raises(ValueError, match=f'was trained by other scores: move {tmp_path}/removal away'):
        removal.keep_split(SPLIT._replace(candidate=[4]), path)


def test_what_there_are_results_of():
    conditions = [('none', 0, 2), ('least', 8, 1), ('least', 4, 1)]
    runs = [ConditionRun(RemovalCondition(*each), 'network', {}) for each in conditions]
    assert removal.removal_overview(runs) == dict(numbers=[4, 8], orders=['least'], seeds=[1, 2])
