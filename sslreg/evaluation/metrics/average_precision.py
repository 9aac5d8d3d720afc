"""Instance retrieval: images ranked by cosine similarity, scored by average precision; all shares are 0 to 1."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from sslreg.datasets import RetrievalQuery, RevisitedQuery
from sslreg.evaluation.metric import Metric, Metrics
from sslreg.utils.directions import directions

RANKED_QUERIES = 32  # ranked at a time: 128 MB of similarities to a database of a million
KS = (1, 5, 10)
DIFFICULTIES = dict(  # positives, and images removed from the ranking (Radenovic et al., CVPR 2018)
    easy=(('easy',), ('hard', 'junk')),
    medium=(('easy', 'hard'), ('junk',)),
    hard=(('hard',), ('easy', 'junk')),
)


def similarities(queries: Tensor, database: Tensor) -> Iterator[Tensor]:
    """Yield the cosines ``[N]`` of each of ``queries [M, C]`` to ``database [N, C]``, in float32 at least.

    A feature of length zero has cosine 0 to all others; how many there are is logged.

    Raises:
        ValueError: A feature is not finite.
    """
    database = directions(database, 'database')
    for part in directions(queries, 'queries').split(RANKED_QUERIES):
        yield from part @ database.T


def at_least(values: Tensor, thresholds: Tensor) -> Tensor:
    """Return how many of ``values [N]`` reach each of ``thresholds [P]``."""
    return len(values) - torch.searchsorted(values.sort().values, thresholds.contiguous())


def average_precision(scores: Tensor, relevant: Tensor) -> float:
    """Return the mean over relevant images of the precision among all images that score at least as much.

    This is scikit-learn's ``average_precision_score``, so the order among equal scores does not matter.

    Args:
        scores: ``[N]``.
        relevant: ``[N]`` bool.

    Raises:
        ValueError: No image is relevant.
    """
    if not relevant.any():
        raise ValueError(f'none of {len(relevant)} images is relevant, so there is no average precision')
    right = scores[relevant]
    hits = at_least(right, right).double()
    return (hits / (hits + at_least(scores[~relevant], right))).mean().item()


def trapezoid_average_precision(ranks: Tensor) -> float:
    """Return the area below precision over recall by trapezoids, as the Oxford and Paris protocols count.

    Args:
        ranks: Ranks of the positives, from 0, ascending ``[P]``.
    """
    found = torch.arange(len(ranks), dtype=torch.float64)
    before = torch.where(ranks == 0, 1.0, found / ranks.clamp(min=1))
    return ((before + (found + 1) / (ranks + 1)) / 2).mean().item()


def precision_at(ranks: Tensor, k: int) -> float:
    """Return the share of positives among the first k, or among all up to the last positive if that is earlier."""
    depth = min(k, int(ranks[-1]) + 1)
    return int((ranks < depth).sum()) / depth


def ranks_of(positives: Sequence[int], order: Tensor, junk: Sequence[int]) -> Tensor:
    """Return the ranks ``[P]`` of the positives, from 0, ascending, in the ranking without the junk.

    Args:
        positives: Indices of images.
        order: Indices of all images, the best first ``[N]``.
        junk: Indices of images that do not count.
    """
    right, kept = torch.zeros(len(order), dtype=torch.bool), torch.ones(len(order), dtype=torch.bool)
    right[list(positives)] = True
    kept[list(junk)] = False
    return right[order[kept[order]]].nonzero().flatten()


def retrieval_scores(feats: Tensor, queries: Sequence[RetrievalQuery]) -> Metrics:
    """Return ``mAP`` and ``P@1``, the share of queries whose first hit is right, of a search in all other images.

    Of several first hits that are equally similar, the share that is right counts.

    Args:
        feats: ``[N, C]``.
        queries: Queries, whose indices are rows of ``feats``.
    """
    images = torch.tensor([query.image for query in queries])
    precisions, firsts = [], []
    for query, row in zip(queries, similarities(feats[images], feats), strict=True):
        others = torch.arange(len(feats)) != query.image
        relevant = torch.isin(torch.arange(len(feats)), torch.tensor(query.positives))[others]
        scores = row.cpu()[others]
        precisions.append(average_precision(scores, relevant))
        firsts.append(relevant[scores == scores.max()].double().mean().item())
    return {Metric('mAP'): _mean(precisions), Metric('P@1'): _mean(firsts)}


def revisited_scores(queries: Tensor, database: Tensor, truth: Sequence[RevisitedQuery]) -> Metrics:
    """Score revisited Oxford and Paris (Radenovic et al., CVPR 2018, arXiv 1803.11285).

    Queries without a positive of a difficulty do not count there. Equally similar images are ranked in the order of
    the database; in the official code their order depends on the sorting algorithm.

    Args:
        queries: ``[M, C]``.
        database: ``[N, C]``.
        truth: Ground truth of M queries.

    Returns:
        For easy, medium and hard ``medium/mAP``, ``medium/mP@1``, ``@5``, ``@10``, and ``medium/queries``, the
        number of queries that count; no means if that is zero.
    """
    ranks: dict[str, list[Tensor]] = {level: [] for level in DIFFICULTIES}
    for query, row in zip(truth, similarities(queries, database), strict=True):
        order = row.argsort(descending=True, stable=True).cpu()
        for level, (right, junk) in DIFFICULTIES.items():
            if positives := _images(query, right):
                ranks[level].append(ranks_of(positives, order, _images(query, junk)))
    scores: Metrics = {}
    for level, found in ranks.items():
        if found:
            scores[Metric('mAP', group=level)] = _mean([trapezoid_average_precision(one) for one in found])
            scores |= {Metric(f'mP@{k}', group=level): _mean([precision_at(one, k) for one in found]) for k in KS}
        scores[Metric('queries', group=level, unit='count')] = len(found)
    return scores


def _images(query: RevisitedQuery, levels: Sequence[str]) -> list[int]:
    return [image for level in levels for image in getattr(query, level)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
