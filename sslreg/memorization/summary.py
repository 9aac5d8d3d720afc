"""Summary of the scores of a split: means of sets, tests, LayerMem, and the agreement of seeds."""

from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from . import score_statistics
from .image_scores import ImageScores
from .score_statistics import Agreement, ClaimTest, MeanStd, agreement, mean_and_std, number_of_top
from .scores import delta_layermem, layermem
from .split import SPLIT_SETS


@dataclass(frozen=True)
class ScoreSummary(MeanStd):
    """Summary of one form of the scores of a set.

    Attributes:
        num_images: Number of images.
        quantiles: Quantiles of the means over seeds, by ``'0.05'`` and so on.
    """

    num_images: int
    quantiles: dict[str, float]


@dataclass(frozen=True)
class SetSummary:
    """Summaries of the three forms of SSLMem of a set.

    Attributes:
        sslmem: g - f.
        sslmem_range: SSLMem divided by its range over all images.
        sslmem_prime: (g - f) / (g + f).
    """

    sslmem: ScoreSummary
    sslmem_range: ScoreSummary
    sslmem_prime: ScoreSummary


@dataclass(frozen=True)
class SeedAgreement(Agreement):
    """Agreement of two seeds of a study.

    Attributes:
        seeds: The two seeds.
    """

    seeds: list[int]


@dataclass(frozen=True)
class LayerSummary:
    """Summary of the scores of one layer.

    Attributes:
        sets: Summaries by set.
        tests: Tests of the paper's claims.
        seeds: Agreement of each two seeds; None with a single seed.
    """

    sets: dict[str, SetSummary]
    tests: list[ClaimTest]
    seeds: list[SeedAgreement] | None


@dataclass(frozen=True)
class LayerMem(MeanStd):
    """LayerMem of a layer.

    Attributes:
        delta: Delta-LayerMem; None for the first layer.
    """

    delta: float | None


def summarize(scores: ImageScores) -> dict[str, LayerSummary]:
    """Summarize the scores of each layer; with several seeds, an image's score is its mean over them."""
    return {layer: _summarize_layer(scores.of_layer(layer)) for layer in scores.layers}


def summarize_layermem(scores: ImageScores) -> dict[str, LayerMem]:
    """Return LayerMem and Delta-LayerMem of each layer over the candidates."""
    among = scores.among('candidate')
    pairs = zip(scores.of_f[..., among], scores.of_g[..., among], strict=True)
    by_seed = torch.stack([layermem(f, g) for f, g in pairs])
    deltas = [None, *delta_layermem(by_seed.mean(dim=0)).tolist()]
    return {
        layer: LayerMem(**vars(mean_and_std(values)), delta=delta)
        for layer, values, delta in zip(scores.layers, by_seed.unbind(dim=1), deltas, strict=True)
    }


def seed_agreements(scores: ImageScores, top: int | None = None) -> list[SeedAgreement]:
    """Compare the candidates' rankings by each two seeds, of one layer; ``top`` as in :func:`number_of_top`."""
    of_seed = dict(zip(scores.seeds, scores.sslmem[:, 0, scores.among('candidate')], strict=True))
    return [
        SeedAgreement(**vars(agreement(of_seed[a], of_seed[b], number_of_top(len(of_seed[a]), top))), seeds=[a, b])
        for a, b in combinations(of_seed, 2)
    ]


def _summarize_layer(scores: ImageScores) -> LayerSummary:
    forms = dict(sslmem=scores.sslmem, sslmem_range=scores.ranged, sslmem_prime=scores.relative)
    places = {name: scores.among(name) for name in SPLIT_SETS if name in scores.sets}
    means = {name: scores.sslmem[:, 0, among].mean(dim=0) for name, among in places.items()}
    return LayerSummary(
        {
            name: SetSummary(**{form: _summarize_set(values[:, 0, among]) for form, values in forms.items()})
            for name, among in places.items()
        },
        score_statistics.compare_sets(means),
        seed_agreements(scores) if len(scores.seeds) > 1 else None,
    )


def _summarize_set(values: Tensor) -> ScoreSummary:
    """Summarize scores ``[S, M]``."""
    quantiles = score_statistics.quantiles(values.mean(dim=0))
    return ScoreSummary(**vars(mean_and_std(values.mean(dim=1))), num_images=values.shape[1], quantiles=quantiles)
