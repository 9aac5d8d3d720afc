"""Training f without the images that it memorised (arXiv 2401.12233)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..split import Split
from .ranking import NONE, ORDERS, Order, ranking
from .records import ConditionRun, read_runs


class RemovalCondition(NamedTuple):
    """The candidates that f is trained without.

    Attributes:
        order: One of :data:`ORDERS`, or ``'none'``.
        number: Number of candidates that are left out.
        seed: Seed of the training, and of the draw of random candidates.
    """

    order: str
    number: int
    seed: int

    @property
    def folder(self) -> str:
        """Name of the folder of its trainings."""
        return f'{self.order}-{self.number}'


@dataclass(frozen=True)
class RemovalResults:
    """Content of ``removal.json``.

    Attributes:
        runs: Metrics of each training.
    """

    runs: list[ConditionRun[RemovalCondition]]

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> 'RemovalResults':
        """Take the results out of the content of the file."""
        return cls(read_runs(found['runs'], RemovalCondition))


def removal_conditions(orders: Sequence[Order], numbers: Sequence[int], seeds: Sequence[int]) -> list[RemovalCondition]:
    """Return all conditions once: for each seed the whole training set, then by number and order."""
    levels = [(order, number) for number in sorted(set(numbers)) for order in ORDERS if order in orders]
    return [RemovalCondition(*level, seed) for seed in dict.fromkeys(seeds) for level in ((NONE, 0), *levels)]


def removal_overview(runs: Sequence[ConditionRun[RemovalCondition]]) -> dict[str, Any]:
    """Return the numbers, orders and seeds that there are results of."""
    conditions = [run.condition for run in runs]
    removed = [each for each in conditions if each.order != NONE]
    orders = {each.order for each in removed}
    return dict(
        numbers=sorted({each.number for each in removed}),
        orders=[order for order in ORDERS if order in orders],
        seeds=sorted({each.seed for each in conditions}),
    )


def check_numbers(numbers: Sequence[int], split: Split, batch_size: int) -> None:
    """Raise an error if so many candidates cannot be left out.

    Args:
        numbers: Numbers of candidates.
        split: Split of the study.
        batch_size: Number of images that must remain.

    Raises:
        ValueError: There are not so many candidates, or too few images remain.
    """
    available = len(split.candidate)
    if wrong := [number for number in numbers if not 1 <= number <= available]:
        raise ValueError(f'{wrong[0]} candidates cannot be left out: the split has {available}')
    if (left := len(split.of_f) - max(numbers)) < batch_size:
        raise ValueError(
            f'without {max(numbers)} candidates f has {left} images to be trained on, less than a batch of '
            f'{batch_size}: leave out fewer'
        )


def without_candidates(split: Split, scores: Tensor, condition: RemovalCondition) -> Split:
    """Return the split that trains f without some candidates.

    Sets of one order (and, if random, of one seed) are nested: the 1000 that are left out are among the 2000.

    Args:
        split: Split of the study.
        scores: Scores of its candidates, ``[M]``.
        condition: The candidates that are left out.
    """
    if condition.order == NONE:
        return split
    rng = torch.Generator().manual_seed(condition.seed)
    places = ranking(scores, condition.order, rng)[: condition.number]
    removed = {split.candidate[place] for place in places.tolist()}
    return split._replace(candidate=[image for image in split.candidate if image not in removed])


def keep_split(split: Split, path: Path) -> None:
    """Write a split, or compare it with the one that an earlier command has written.

    Raises:
        ValueError: The earlier split differs.
    """
    if not path.is_file():
        split.write(path)
    elif Split.read(path) != split:
        raise ValueError(f'{path.with_suffix("")} was trained by other scores: move {path.parents[1]} away')
