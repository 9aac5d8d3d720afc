"""Instance retrieval: images ranked by cosine similarity, scored by average precision; all scores here are 0 to 1."""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from sslreg.datasets import RetrievalQuery, RevisitedQuery

QUERIES = 32  # ranked at a time: 128 MB of similarities to a database of a million
KS = (1, 5, 10)
DIFFICULTIES = dict(  # what is right, and what is taken out of the ranking (Radenovic et al., CVPR 2018)
    easy=(('easy',), ('hard', 'junk')),
    medium=(('easy', 'hard'), ('junk',)),
    hard=(('hard',), ('easy', 'junk')),
)


def similarities(queries: Tensor, database: Tensor) -> Iterator[Tensor]:
    """Cosines of each of ``queries [M, C]`` to ``database [N, C]``, one ``[N]`` after another.

    Raises:
        ValueError: A feature is not finite.
    """
    for name, feats in dict(queries=queries, database=database).items():
        if broken := int((~feats.isfinite()).any(dim=1).sum()):
            raise ValueError(f'features of {broken} of {len(feats)} images ({name}) are not finite: check the model')
    database = F.normalize(database, dim=1)
    for part in F.normalize(queries, dim=1).split(QUERIES):
        yield from part @ database.T


def at_least(values: Tensor, thresholds: Tensor) -> Tensor:
    """How many of ``values [N]`` reach each of ``thresholds [P]``."""
    return len(values) - torch.searchsorted(values.sort().values, thresholds.contiguous())


def average_precision(scores: Tensor, relevant: Tensor) -> float:
    """Mean over the relevant of the precision of all that score as much at least.

    scikit-learn's ``average_precision_score``, so the order among equal scores does not matter.

    Args:
        scores: ``[N]``.
        relevant: ``[N]`` bool.

    Raises:
        ValueError: Nothing is relevant.
    """
    if not relevant.any():
        raise ValueError(f'none of {len(relevant)} images is relevant, so there is no average precision')
    right = scores[relevant]
    hits = at_least(right, right).double()
    return (hits / (hits + at_least(scores[~relevant], right))).mean().item()


def trapezoid_average_precision(ranks: Tensor) -> float:
    """Area below the curve of precision over recall, by trapezoids, as the Oxford and Paris protocols count.

    Args:
        ranks: Of the positives, from 0, ascending ``[P]``.
    """
    found = torch.arange(len(ranks), dtype=torch.float64)
    before = torch.where(ranks == 0, 1.0, found / ranks.clamp(min=1))
    return ((before + (found + 1) / (ranks + 1)) / 2).mean().item()


def precision_at(ranks: Tensor, k: int) -> float:
    """Share of positives among the first k, or among all up to the last positive where that is earlier."""
    depth = min(k, int(ranks[-1]) + 1)
    return int((ranks < depth).sum()) / depth


def ranks_of(positives: Sequence[int], order: Tensor, junk: Sequence[int]) -> Tensor:
    """Ranks ``[P]`` of the positives, from 0, ascending, once the junk is taken out of the ranking.

    Args:
        order: Indices of images, the best first ``[N]``.
    """
    right, kept = torch.zeros(len(order), dtype=torch.bool), torch.ones(len(order), dtype=torch.bool)
    right[list(positives)] = True
    kept[list(junk)] = False
    return right[order[kept[order]]].nonzero().flatten()


def retrieval_scores(feats: Tensor, queries: Sequence[RetrievalQuery]) -> dict[str, float]:
    """Each query searches all other images: ``mAP`` and ``P@1``, the share whose first is of their instance.

    Args:
        feats: ``[N, C]``.
        queries: Indices into ``feats``.
    """
    images = torch.tensor([query.image for query in queries])
    precisions, firsts = [], []
    for query, row in zip(queries, similarities(feats[images], feats), strict=True):
        others = torch.arange(len(feats)) != query.image
        relevant = torch.isin(torch.arange(len(feats)), torch.tensor(query.positives))[others]
        scores = row.cpu()[others]
        precisions.append(average_precision(scores, relevant))
        firsts.append(relevant[scores.argmax()].item())
    return {'mAP': _mean(precisions), 'P@1': _mean(firsts)}


def revisited_scores(queries: Tensor, database: Tensor, truth: Sequence[RevisitedQuery]) -> dict[str, float]:
    """Revisited Oxford and Paris (Radenovic et al., CVPR 2018, arXiv 1803.11285).

    Queries without a positive of a difficulty do not count there.

    Args:
        queries: ``[M, C]``.
        database: ``[N, C]``.
        truth: M queries.

    Returns:
        For easy, medium and hard ``medium/mAP``, ``medium/mP@1``, ``@5``, ``@10``, and ``medium/queries``, the
        number that counts; no means where that is none.
    """
    ranks: dict[str, list[Tensor]] = {level: [] for level in DIFFICULTIES}
    for query, row in zip(truth, similarities(queries, database), strict=True):
        order = row.argsort(descending=True, stable=True).cpu()
        for level, (right, junk) in DIFFICULTIES.items():
            if positives := _images(query, right):
                ranks[level].append(ranks_of(positives, order, _images(query, junk)))
    scores: dict[str, float] = {}
    for level, found in ranks.items():
        scores[f'{level}/queries'] = len(found)
        if found:
            scores[f'{level}/mAP'] = _mean([trapezoid_average_precision(one) for one in found])
            scores.update({f'{level}/mP@{k}': _mean([precision_at(one, k) for one in found]) for k in KS})
    return scores


def _images(query: RevisitedQuery, levels: Sequence[str]) -> list[int]:
    return [image for level in levels for image in getattr(query, level)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
