"""Copy detection: search of altered copies for their originals in a database. All scores here are 0 to 1."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sslreg.evaluation.metric import Metric, Metrics

from .average_precision import at_least, similarities, trapezoid_average_precision

DEPTH = 20  # ranks that count in the released evaluation of DINO


class Ranked(NamedTuple):
    """Number of each query that has an original, and similarity and rank (from 0) of the original."""

    query: Tensor
    similarity: Tensor
    rank: Tensor


def rank_originals(queries: Tensor, database: Tensor, originals: Sequence[int | None]) -> Ranked:
    """Rank the original of each query in the database, behind all images that are equally similar.

    Args:
        queries: ``[M, C]``.
        database: ``[N, C]``.
        originals: M indices into the database, or None for queries without an original.
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
    """Return the mean of 1 / (1 + rank), the mAP of queries with one original each."""
    return (1 / (ranks.double() + 1)).mean().item()


def holidays_average_precision(ranks: Tensor) -> float:
    """Return the mAP of published figures of Copydays: by trapezoids, ignoring ranks beyond the first 20.

    The released evaluation of DINO (eval_copy_detection.py) takes it from the Holidays dataset: 1 for the first place,
    1 / (2 (1 + rank)) for others.
    """
    return sum(trapezoid_average_precision(rank) for rank in ranks.split(1) if rank < DEPTH) / len(ranks)


def micro_average_precision(queries: Tensor, database: Tensor, originals: Sequence[int | None], found: Ranked) -> float:
    """Return the average precision of all pairs of a query and a database image in one list, by their similarity.

    A query without an original has wrong pairs only, so similarities must be comparable between queries (Douze et al.
    2021, arXiv 2106.09672). Pairs are counted query by query, so the M x N similarities are never held together.

    Right pairs of equal similarity are counted together, each behind all wrong pairs of that similarity, as in
    scikit-learn. The program of Douze et al. counts them one by one, which is less where several originals are tied.

    Args:
        queries: ``[M, C]``.
        database: ``[N, C]``.
        originals: M indices into the database, or None for queries without an original.
        found: Result of :func:`rank_originals`.
    """
    wrong = torch.zeros(len(found.similarity), dtype=torch.long)
    for original, row in zip(originals, similarities(queries, database), strict=True):
        keep = torch.ones(len(row), dtype=torch.bool)
        if original is not None:
            keep[original] = False
        wrong += at_least(row.cpu()[keep], found.similarity)
    right = at_least(found.similarity, found.similarity).double()
    return (right / (right + wrong)).mean().item()


def copy_scores(queries: Tensor, database: Tensor, originals: Sequence[int | None], attacks: Sequence[str]) -> Metrics:
    """Return ``uAP`` over all queries, and ``mAP`` over those with an original, in all and by attack (``rotate/mAP``).

    ``mAP_top20`` is :func:`holidays_average_precision`.

    Args:
        queries: ``[M, C]``.
        database: ``[N, C]``.
        originals: M indices into the database, or None for queries without an original.
        attacks: Names of the alterations of the M queries.
    """
    found = rank_originals(queries, database, originals)
    scores = {Metric('uAP'): micro_average_precision(queries, database, originals, found)} | _means(found.rank)
    names = [attacks[number] for number in found.query.tolist()]
    for attack in dict.fromkeys(names):
        scores |= _means(found.rank[torch.tensor([name == attack for name in names])], attack)
    return scores


def _means(ranks: Tensor, attack: str = '') -> Metrics:
    means = dict(mAP=mean_average_precision(ranks), mAP_top20=holidays_average_precision(ranks))
    return {Metric(measure, group=attack): value for measure, value in means.items()}


class Whitening(NamedTuple):
    """Map ``(feats - mean [C]) @ directions [C, C]`` to features without correlation and with unit variance."""

    mean: Tensor
    directions: Tensor

    def __call__(self, feats: Tensor) -> Tensor:
        """Return features ``[N, C]``, whitened."""
        return (feats - self.mean) @ self.directions


def learn_whitening(feats: Tensor) -> Whitening:
    """Learn a PCA whitening, all C directions kept, as for Copydays in DINO (arXiv 2104.14294, section 4.2.1).

    Variances below 1e-5 of the largest are raised to that. DINO's released code subtracts the mean from queries and
    database, but not from the features of which it takes the covariance; here it is subtracted everywhere.

    Args:
        feats: ``[N, C]`` of images that are neither queries nor database.

    Raises:
        ValueError: There are not more images than dimensions, or a feature is not finite.
    """
    num, width = feats.shape
    if num <= width:
        raise ValueError(f'whitening of {width} dimensions needs more than {width} images, got {num}')
    if broken := int((~feats.isfinite()).any(dim=1).sum()):
        raise ValueError(f'features of {broken} of {num} images (whitening) are not finite: check the model')
    mean = feats.double().mean(dim=0)
    centred = feats.double() - mean
    variances, directions = torch.linalg.eigh(centred.T @ centred / num)
    variances = variances.clamp(min=1e-5 * variances[-1])
    return Whitening(mean.to(feats.dtype), (directions / variances.sqrt()).to(feats.dtype))
