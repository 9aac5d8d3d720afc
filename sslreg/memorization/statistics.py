"""Whether sets of images are memorised differently, and whether models memorise the same ones."""

from typing import NamedTuple

import numpy as np
import scipy  # whose stats, a second or two, are imported where they are used
import torch
from torch import Tensor

ORDER = (('candidate', 'shared'), ('candidate', 'extra'), ('shared', 'independent'), ('extra', 'independent'))
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Comparison(NamedTuple):
    """One-sided tests of whether the scores of one set are higher than those of another.

    Attributes:
        higher, lower: Names of the sets; the claim is that the first has the higher mean.
        difference: Of the means.
        effect: Cohen's d, the difference in pooled standard deviations; NaN where these are 0.
        p_student: Of Student's test, equal variances, as in the paper.
        p_welch: Of Welch's test, unequal variances.
    """

    higher: str
    lower: str
    difference: float
    effect: float
    p_student: float
    p_welch: float


def compare(scores: dict[str, Tensor]) -> list[Comparison]:
    """The paper's claims (arXiv 2401.12233, section 4.2): candidates above shared and extra, independent below both.

    Args:
        scores: SSLMem ``[N]`` of ``candidate``, ``shared``, ``independent`` and ``extra`` images; what is absent is
            left out.

    Raises:
        ValueError: A set has fewer than 2 images.
    """
    few = [name for name, values in scores.items() if len(values) < 2]
    if few:
        raise ValueError(f'{", ".join(few)}: a test needs at least 2 scores of each set')
    return [_compared(*pair, scores) for pair in ORDER if set(pair) <= set(scores)]


def _compared(higher: str, lower: str, scores: dict[str, Tensor]) -> Comparison:
    a, b = (scores[name].double().numpy() for name in (higher, lower))
    test = scipy.stats.ttest_ind
    student, welch = (test(a, b, equal_var=equal, alternative='greater').pvalue for equal in (True, False))
    pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2)
    difference = float(a.mean() - b.mean())
    effect = difference / float(np.sqrt(pooled)) if pooled > 0 else float('nan')
    return Comparison(higher, lower, difference, effect, float(student), float(welch))


def quantiles(values: Tensor) -> dict[str, float]:
    """Of scores ``[N]``, by ``'0.05'``, ``'0.25'`` and so on."""
    found = values.quantile(torch.tensor(QUANTILES, dtype=values.dtype)).tolist()
    return dict(zip(map(str, QUANTILES), found, strict=True))


def mean_and_std(values: Tensor) -> dict[str, float]:
    """Mean of one value a seed, ``[S]``, and their standard deviation where there are several."""
    return dict(mean=float(values.mean())) | (dict(std=float(values.std())) if len(values) > 1 else {})


class Agreement(NamedTuple):
    """How far two rankings have the same images on top.

    Attributes:
        overlap: Share of the most memorised that both have.
        tau: Kendall's tau of the ranks of those that both have; NaN for fewer than two.
        p: Of its two-sided test.
    """

    overlap: float
    tau: float
    p: float


def agreement(a: Tensor, b: Tensor, k: int = 100) -> Agreement:
    """Of the k most memorised by two scores ``[N]`` of the same images (arXiv 2409.19069, section 4).

    Raises:
        ValueError: The scores are not of as many images, or k of them do not exist.
    """
    if len(a) != len(b) or not 1 <= k <= len(a):
        raise ValueError(f'scores of {len(a)} and {len(b)} images: both must be of the same images, {k=} at least')
    tops = [scores.argsort(descending=True, stable=True)[:k].tolist() for scores in (a, b)]
    common = sorted(set(tops[0]) & set(tops[1]))
    tau = scipy.stats.kendalltau([tops[0].index(i) for i in common], [tops[1].index(i) for i in common])
    return Agreement(len(common) / k, float(tau.statistic), float(tau.pvalue))
