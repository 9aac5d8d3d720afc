"""Scored studies of the same images: how much each memorised, and whether they memorised the same images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from torch import Tensor

from sslreg.utils.files import write_json

from .config_differences import config_differences
from .image_sets import augmentation, training_images
from .score_statistics import Agreement, ClaimTest, agreement, to_json
from .scored_study import ScoredStudy
from .split import SPLIT_SETS
from .summary import TOP_CANDIDATES, SeedAgreement, SetSummary, seed_agreements


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

        On the diagonal stands the mean overlap of a study's own seeds; NaN where there is only one. The others are of
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


def compare_studies(studies: Sequence[ScoredStudy], top: int = TOP_CANDIDATES) -> StudyComparison:
    """Compare studies of the same images by their scores of one layer.

    Args:
        studies: The studies.
        top: Number of most memorised candidates whose agreement is measured; all, if there are fewer.
    """
    return StudyComparison(
        studies[0].layer,
        caveats(studies),
        [_compared_study(each, top) for each in studies],
        [study_agreement(a, b, top) for a, b in combinations(studies, 2)],
    )


def study_agreement(a: ScoredStudy, b: ScoredStudy, top: int = TOP_CANDIDATES) -> StudyAgreement:
    """Compare the rankings of the candidates by two studies of the same images."""
    scores = ordered_candidates(a), ordered_candidates(b)
    return StudyAgreement(**vars(agreement(*scores, min(top, len(scores[0])))), studies=[a.name, b.name])


def compare_pair(a: ScoredStudy, b: ScoredStudy) -> StudyAgreement | IncomparableStudies:
    """Compare the rankings of the candidates by two studies, if the candidates are the same images."""
    if found := config_differences(training_images(a.cfg), training_images(b.cfg), 'dataset'):
        return IncomparableStudies([a.name, b.name], f'they are of other data, {", ".join(found)}')
    if a.index != b.index:
        common = len(set(a.index) & set(b.index))
        return IncomparableStudies(
            [a.name, b.name],
            f'they are of other splits, with {common} of {len(a.index)} and {len(b.index)} candidates in common',
        )
    return study_agreement(a, b)


def ordered_candidates(study: ScoredStudy) -> Tensor:
    """Return SSLMem ``[M]`` of the candidates in the order of the training set, the mean over seeds."""
    scores = study.chosen
    return study.candidates[scores.index[scores.among('candidate')].argsort()]


def _compared_study(study: ScoredStudy, top: int) -> ComparedStudy:
    found, pairs = study.summary, seed_agreements(study.chosen, top)
    return ComparedStudy(study.name, study.scores.seeds, found.sets, found.tests, pairs, str(study.folder))


def check_same_images(studies: Sequence[ScoredStudy]) -> None:
    """Refuse to compare, image by image, studies of other data or splits.

    Raises:
        ValueError: Two studies are not of the same images.
    """
    first, *others = studies
    for other in others:
        if reason := _other_images(first, other):
            raise ValueError(
                f'{first.folder} and {other.folder} are not of the same images, {reason}: train and score both by one '
                f'split, `sslmem.py train ... --split {first.folder}/split.json`'
            )


def _other_images(a: ScoredStudy, b: ScoredStudy) -> str:
    """Return why two studies are not of the same images; '' if they are."""
    if found := config_differences(training_images(a.cfg), training_images(b.cfg), 'dataset'):
        return f'their data differ, {", ".join(found)}'
    for name in SPLIT_SETS:
        of_a, of_b = (set(each.study.split.part(name)) for each in (a, b))
        if of_a != of_b:
            return f'their splits differ, {len(of_a & of_b)} of {len(of_a)} and {len(of_b)} {name} images are in both'
    return ''


def caveats(studies: Sequence[ScoredStudy]) -> list[str]:
    """Return in which respects, other than training, studies were scored differently than the first."""
    first, *others = studies
    return [
        f'{first.folder} and {other.folder} were scored differently: {", ".join(found)}'
        for other in others
        if (found := _scoring_differences(first, other))
    ]


def _scoring_differences(a: ScoredStudy, b: ScoredStudy) -> list[str]:
    protocol = config_differences(a.settings.comparable, b.settings.comparable, 'protocol')
    return protocol + config_differences(augmentation(a.cfg), augmentation(b.cfg), 'augmentation')
