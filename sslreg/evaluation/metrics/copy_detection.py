"""Copy detection: is an image an altered copy of one in the database? All scores here are 0 to 1."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .retrieval import at_least, similarities, trapezoid_average_precision

DEPTH = 20  # results that the released evaluation of DINO looks at


class Ranked(NamedTuple):
    """Of each query that has an original, the query's number, the original's similarity, and its rank from 0."""

    query: Tensor
    similarity: Tensor
    rank: Tensor


def rank_originals(queries: Tensor, database: Tensor, originals: Sequence[int | None]) -> Ranked:
    """Where each of ``queries [M, C]`` finds its original in ``database [N, C]``, behind all that are as similar.

    Args:
        originals: M indices into the database, or None where it has none.
    """
    found = []
    for number, (original, row) in enumerate(zip(originals, similarities(queries, database), strict=True)):
        if original is not None:
            found.append((number, row[original].cpu(), int((row >= row[original]).sum()) - 1))
    if not found:
        raise ValueError(f'none of {len(originals)} queries has an original in the database')
    numbers, values, ranks = zip(*found, strict=True)
    return Ranked(torch.tensor(numbers), torch.stack(values), torch.tensor(ranks))


def mean_average_precision(ranks: Tensor) -> float:
    """With one original per query, the mean of 1 / (1 + rank)."""
    return (1 / (ranks.double() + 1)).mean().item()


def holidays_average_precision(ranks: Tensor) -> float:
    """What published figures of Copydays count: trapezoids, and nothing beyond the first 20.

    The released evaluation of DINO (eval_copy_detection.py), which takes it from the Holidays dataset: 1 for the first
    place, 1 / (2 (1 + rank)) for others.
    """
    return sum(trapezoid_average_precision(rank) for rank in ranks.split(1) if rank < DEPTH) / len(ranks)


def micro_average_precision(queries: Tensor, database: Tensor, originals: Sequence[int | None], found: Ranked) -> float:
    """Average precision of all pairs of a query and an image of the database in one list, by their similarity.

    A query without an original has wrong pairs only, so similarities must mean the same for all queries (Douze et al.
    2021, arXiv 2106.09672). Pairs are counted as they come, M x N of them need not be held.

    Args:
        queries: ``[M, C]``.
        database: ``[N, C]``.
        originals: M indices into the database, or None where it has none.
        found: Of :func:`rank_originals`.
    """
    wrong = torch.zeros(len(found.similarity), dtype=torch.long)
    for original, row in zip(originals, similarities(queries, database), strict=True):
        keep = torch.ones(len(row), dtype=torch.bool)
        if original is not None:
            keep[original] = False
        wrong += at_least(row.cpu()[keep], found.similarity)
    right = at_least(found.similarity, found.similarity).double()
    return (right / (right + wrong)).mean().item()


def copy_scores(
    queries: Tensor, database: Tensor, originals: Sequence[int | None], attacks: Sequence[str]
) -> dict[str, float]:
    """``uAP`` over all queries; ``mAP`` over those that have an original, all and by attack (``rotate/mAP``).

    ``mAP_top20`` is :func:`holidays_average_precision`.

    Args:
        queries: ``[M, C]``.
        database: ``[N, C]``.
        originals: M indices into the database, or None where it has none.
        attacks: M names of what was done to the queries.
    """
    found = rank_originals(queries, database, originals)
    scores = dict(uAP=micro_average_precision(queries, database, originals, found), **_means(found.rank))
    names = [attacks[number] for number in found.query.tolist()]
    for attack in dict.fromkeys(names):
        means = _means(found.rank[torch.tensor([name == attack for name in names])])
        scores.update({f'{attack}/{metric}': value for metric, value in means.items()})
    return scores


def _means(ranks: Tensor) -> dict[str, float]:
    return dict(mAP=mean_average_precision(ranks), mAP_top20=holidays_average_precision(ranks))


class Whitening(NamedTuple):
    """Features minus ``mean [C]``, times ``directions [C, C]``, have no correlation and unit variance."""

    mean: Tensor
    directions: Tensor

    def __call__(self, feats: Tensor) -> Tensor:
        """Features ``[N, C]``, whitened."""
        return (feats - self.mean) @ self.directions


def learn_whitening(feats: Tensor) -> Whitening:
    """PCA whitening, all C directions kept, as for Copydays in DINO (arXiv 2104.14294, section 4.2.1).

    Variances below 1e-5 of the largest are taken for that. DINO's released code subtracts the mean from queries and
    database, but not from the features of which it takes the covariance; here it is subtracted everywhere.

    Args:
        feats: ``[N, C]`` of images that are neither queries nor database.

    Raises:
        ValueError: There are no more images than dimensions.
    """
    num, width = feats.shape
    if num <= width:
        raise ValueError(f'whitening of {width} dimensions needs more than {width} images, here are {num}')
    mean = feats.double().mean(dim=0)
    centred = feats.double() - mean
    variances, directions = torch.linalg.eigh(centred.T @ centred / num)
    variances = variances.clamp(min=1e-5 * variances[-1])
    return Whitening(mean.to(feats.dtype), (directions / variances.sqrt()).to(feats.dtype))
