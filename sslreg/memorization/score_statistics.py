"""Statistics of scores: means over seeds, tests between sets, and agreement of rankings."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import scipy  # scipy.stats takes a second or two to import, so it is imported on first use
import torch
from torch import Tensor

CLAIMS = (('candidate', 'shared'), ('candidate', 'extra'), ('shared', 'independent'), ('extra', 'independent'))
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SIGNIFICANT = 0.05
TOP_CANDIDATES = 100  # most memorised candidates in comparisons of seeds or studies


def to_json(result: Any) -> dict[str, Any]:
    """Return a dataclass as a dict for JSON, recursively; fields that are None are left out."""
    found: dict[str, Any] = asdict(
        result, dict_factory=lambda items: {key: value for key, value in items if value is not None}
    )
    return found


@dataclass(frozen=True)
class MeanStd:
    """Mean of one value per seed.

    Attributes:
        mean: The mean.
        std: Standard deviation; None with a single seed.
    """

    mean: float
    std: float | None


def mean_and_std(values: Tensor) -> MeanStd:
    """Return mean and standard deviation of one value per seed, ``[S]``."""
    return MeanStd(float(values.mean()), float(values.std()) if len(values) > 1 else None)


def quantiles(values: Tensor) -> dict[str, float]:
    """Return quantiles of scores ``[N]`` by ``'0.05'``, ``'0.25'`` and so on."""
    found = values.quantile(torch.tensor(QUANTILES, dtype=values.dtype)).tolist()
    return dict(zip(map(str, QUANTILES), found, strict=True))


@dataclass(frozen=True)
class ClaimTest:
    """One-sided tests of the claim that the scores of one set have a higher mean than those of another.

    Attributes:
        higher: Set with the higher mean, by the claim.
        lower: Set with the lower mean.
        difference: Difference of the means.
        effect: Cohen's d, the difference in pooled standard deviations; NaN where these are 0.
        p_student: p of Student's test, with equal variances, as in the paper.
        p_welch: p of Welch's test, with unequal variances.
    """

    higher: str
    lower: str
    difference: float
    effect: float
    p_student: float
    p_welch: float

    @property
    def claim(self) -> str:
        """The claim in words, ``'candidate above shared'``."""
        return f'{self.higher} above {self.lower}'

    @property
    def verdict(self) -> str:
        """Whether the claim holds, by Welch's test at the 5 % level: ``'yes'`` or why not."""
        if not self.difference > 0:
            return 'no, the other way round'
        return 'yes' if self.p_welch < SIGNIFICANT else 'not shown'


def compare_sets(scores: dict[str, Tensor]) -> list[ClaimTest]:
    """Test the paper's claims (arXiv 2401.12233, 4.2): candidates above shared and extra, independent below both.

    Args:
        scores: SSLMem ``[N]`` of ``candidate``, ``shared``, ``independent`` and ``extra`` images; claims about absent
            sets are left out.

    Raises:
        ValueError: A set has fewer than 2 images.
    """
    few = [name for name, values in scores.items() if len(values) < 2]
    if few:
        raise ValueError(f'{", ".join(few)}: a test needs at least 2 scores of each set')
    return [_compared(*pair, scores) for pair in CLAIMS if set(pair) <= set(scores)]


def _compared(higher: str, lower: str, scores: dict[str, Tensor]) -> ClaimTest:
    a, b = (scores[name].double().numpy() for name in (higher, lower))
    test = scipy.stats.ttest_ind
    student, welch = (test(a, b, equal_var=equal, alternative='greater').pvalue for equal in (True, False))
    pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2)
    difference = float(a.mean() - b.mean())
    effect = difference / float(np.sqrt(pooled)) if pooled > 0 else float('nan')
    return ClaimTest(higher, lower, difference, effect, float(student), float(welch))


@dataclass(frozen=True)
class Agreement:
    """Agreement of two rankings on the images at their top.

    Attributes:
        top: Number of most memorised images that are compared.
        overlap: Share of them that both rankings have.
        tau: Kendall's tau of the ranks of those that both have; NaN for fewer than two.
        p: p of its two-sided test.
        chance: Share that two random lists of this length have in common on average.
    """

    top: int
    overlap: float
    tau: float
    p: float
    chance: float


def number_of_top(candidates: int, top: int | None = None) -> int:
    """Return how many of the most memorised candidates are compared.

    Args:
        candidates: Number of candidates.
        top: Wanted number; None for 100, but a third of the candidates at most: longer lists agree by chance.
    """
    return min(top, candidates) if top is not None else min(TOP_CANDIDATES, max(candidates // 3, 1))


def agreement(a: Tensor, b: Tensor, k: int = 100) -> Agreement:
    """Compare the k most memorised images by two scores ``[N]`` of the same images (arXiv 2409.19069, section 4).

    Raises:
        ValueError: The scores are of different numbers of images, or of fewer than k.
    """
    if len(a) != len(b) or not 1 <= k <= len(a):
        raise ValueError(
            f'cannot compare rankings of {len(a)} and {len(b)} images: they must cover the same images, at least {k=} '
            'of them'
        )
    tops = [scores.argsort(descending=True, stable=True)[:k].tolist() for scores in (a, b)]
    common = sorted(set(tops[0]) & set(tops[1]))
    tau, p = float('nan'), float('nan')
    if len(common) > 1:
        tau, p = scipy.stats.kendalltau(*([top.index(i) for i in common] for top in tops))
    return Agreement(k, len(common) / k, float(tau), float(p), k / len(a))
