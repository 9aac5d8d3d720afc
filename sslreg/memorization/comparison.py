"""Scored studies of the same images: how much each memorised, and whether they memorised the same images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from torch import Tensor

from sslreg.utils.files import write_json

from .comparability import caveats, other_candidates
from .score_statistics import Agreement, ClaimTest, agreement, number_of_top, to_json
from .scored_study import ScoredStudy
from .summary import SeedAgreement, SetSummary, seed_agreements


@dataclass(frozen=True)
class StudyAgreement(Agreement):
    """Agreement of two studies, by the mean over seeds.

    Attributes:
        studies: Names of the two studies.
    """

    studies: list[str]


@dataclass(frozen=True)
class IncomparableStudies:
    """Two studies that cannot be compared image by image.

    Attributes:
        studies: Names of the two studies.
        not_comparable: The reason.
    """

    studies: list[str]
    not_comparable: str


@dataclass(frozen=True)
class ComparedStudy:
    """One study of a comparison.

    Attributes:
        name: Its name.
        seeds: Its seeds.
        sets: Summaries by set.
        tests: Tests of the paper's claims.
        between_seeds: Agreement of each two seeds.
        folder: Its folder.
    """

    name: str
    seeds: list[int]
    sets: Mapping[str, SetSummary]
    tests: list[ClaimTest]
    between_seeds: list[SeedAgreement]
    folder: str


@dataclass(frozen=True)
class StudyComparison:
    """Comparison of studies of the same images, as ``compare.json`` keeps it.

    Attributes:
        layer: Layer whose scores are compared.
        caveats: Differences in how the studies were scored.
        studies: The studies.
        pairs: Agreement of each two studies.
    """

    layer: str
    caveats: list[str]
    studies: list[ComparedStudy]
    pairs: list[StudyAgreement]

    @property
    def names(self) -> list[str]:
        """Names of the studies."""
        return [study.name for study in self.studies]

    def overlaps(self) -> list[list[float]]:
        """Return the overlap ``[n][n]`` of the most memorised candidates of each study with each.

        The diagonal holds the mean overlap of a study's own seeds, NaN for a single seed. The other overlaps compare
        means over seeds, which have less noise, and may be higher.
        """
        matrix = [[float('nan')] * len(self.names) for _ in self.names]
        for place, study in enumerate(self.studies):
            if pairs := study.between_seeds:
                matrix[place][place] = sum(pair.overlap for pair in pairs) / len(pairs)
        for pair in self.pairs:
            a, b = map(self.names.index, pair.studies)
            matrix[a][b] = matrix[b][a] = pair.overlap
        return matrix

    def write(self, path: Path) -> None:
        """Write the comparison as JSON."""
        write_json(to_json(self), path)


def compare_studies(studies: Sequence[ScoredStudy], top: int | None = None) -> StudyComparison:
    """Compare studies of the same images by their scores of one layer.

    Args:
        studies: The studies.
        top: Number of most memorised candidates whose agreement is measured, as in :func:`number_of_top`.
    """
    return StudyComparison(
        studies[0].layer,
        caveats(studies),
        [_compared_study(each, top) for each in studies],
        [study_agreement(a, b, top) for a, b in combinations(studies, 2)],
    )


def study_agreement(a: ScoredStudy, b: ScoredStudy, top: int | None = None) -> StudyAgreement:
    """Compare the rankings of the candidates by two studies of the same images."""
    scores = ordered_candidates(a), ordered_candidates(b)
    return StudyAgreement(**vars(agreement(*scores, number_of_top(len(scores[0]), top))), studies=[a.name, b.name])


def compare_pair(a: ScoredStudy, b: ScoredStudy) -> StudyAgreement | IncomparableStudies:
    """Compare the rankings of the candidates by two studies, if the candidates are the same images."""
    reason = other_candidates(a, b)
    return IncomparableStudies([a.name, b.name], reason) if reason else study_agreement(a, b)


def ordered_candidates(study: ScoredStudy) -> Tensor:
    """Return SSLMem ``[M]`` of the candidates in the order of the training set, the mean over seeds."""
    scores = study.chosen
    return study.candidates[scores.index[scores.among('candidate')].argsort()]


def _compared_study(study: ScoredStudy, top: int | None) -> ComparedStudy:
    found, pairs = study.summary, seed_agreements(study.chosen, top)
    return ComparedStudy(study.name, study.scores.seeds, found.sets, found.tests, pairs, str(study.folder))
