"""What happens without the images that were memorised: other training sets for f (arXiv 2401.12233)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..image_scores import Scores
from ..split import Split
from .ranking import NONE, ORDERS, Order, ranking


class Condition(NamedTuple):
    """What f is trained without.

    Attributes:
        order: Of :data:`ORDERS`, or ``'none'``.
        number: Of candidates that are left out.
        seed: Of the training, and of the draw of random candidates.
    """

    order: str
    number: int
    seed: int

    @property
    def folder(self) -> str:
        return f'{self.order}-{self.number}'


def conditions(orders: Sequence[Order], numbers: Sequence[int], seeds: Sequence[int]) -> list[Condition]:
    """All of a seed before those of the next, first the whole training set; each once."""
    levels = [(order, number) for number in sorted(set(numbers)) for order in ORDERS if order in orders]
    return [Condition(*level, seed) for seed in dict.fromkeys(seeds) for level in ((NONE, 0), *levels)]


def candidate_scores(file: Path, layer: str, candidates: Sequence[int]) -> Tensor:
    """SSLMem ``[M]`` of the candidates by a layer, the mean over the seeds of a study.

    Args:
        file: ``scores.npz`` of the command ``score``.
        layer: Its name.
        candidates: Of the study's split.

    Raises:
        FileNotFoundError: There are no scores; says how they are made.
        ValueError: None are by this layer, or they are of other candidates.
    """
    command = f'`python tools/sslmem.py score {file.parent}`'
    if not file.is_file():
        raise FileNotFoundError(f'{file} does not exist: score the study first, by {command}')
    scores = Scores.read(file)
    found = scores.candidates(layer)
    if scores.index[scores.among('candidate')].tolist() != list(candidates):
        raise ValueError(f'{file} has other candidates than the split: score the study again, by {command}')
    return found


def check_numbers(numbers: Sequence[int], split: Split, batch_size: int) -> None:
    """Whether so many candidates can be left out.

    Args:
        numbers: Of them.
        split: Of the study.
        batch_size: Images that must remain.

    Raises:
        ValueError: There are not so many, or too few images remain.
    """
    available = len(split.candidate)
    if wrong := [number for number in numbers if not 1 <= number <= available]:
        raise ValueError(f'{wrong[0]} candidates cannot be left out: the split has {available}')
    if (left := len(split.of_f) - max(numbers)) < batch_size:
        raise ValueError(
            f'without {max(numbers)} candidates f has {left} images to be trained on, less than a batch of '
            f'{batch_size}: leave out fewer'
        )


def without(split: Split, scores: Tensor, condition: Condition) -> Split:
    """The split by which f is trained without some candidates.

    Sets of one order (and, if random, of one seed) are nested: those that are left out of 1000 are among those of 2000.

    Args:
        split: Of the study.
        scores: Of its candidates, ``[M]``.
        condition: Which ones are left out.
    """
    if condition.order == NONE:
        return split
    order: Any = condition.order
    places = ranking(scores, order, torch.Generator().manual_seed(condition.seed))[: condition.number]
    removed = {split.candidate[place] for place in places.tolist()}
    return split._replace(candidate=[image for image in split.candidate if image not in removed])


def keep_split(split: Split, path: Path) -> None:
    """Write it, or compare it with what an earlier command has written.

    Raises:
        ValueError: That was another one.
    """
    if not path.is_file():
        split.write(path)
    elif Split.read(path) != split:
        raise ValueError(f'{path.with_suffix("")} was trained by other scores: move {path.parents[1]} away')


def listed(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Numbers, orders and seeds that there are results of."""
    removed = [run for run in runs if run['order'] != NONE]
    orders = {run['order'] for run in removed}
    return dict(
        numbers=sorted({run['number'] for run in removed}),
        orders=[order for order in ORDERS if order in orders],
        seeds=sorted({run['seed'] for run in runs}),
    )
