"""What the scores of a split say in all: means of sets, tests, LayerMem, and whether seeds agree."""

from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from . import statistics
from .image_scores import Scores
from .scores import delta_layermem, layermem
from .split import SPLIT_SETS
from .statistics import mean_and_std

TOP = 100  # most memorised candidates by which seeds, and studies, are compared


def summary(scores: Scores) -> dict[str, Any]:
    """Of each layer: the sets' means and quantiles, the tests of the paper's claims, and how seeds agree.

    With several seeds, an image's score is its mean over them.
    """
    return {layer: _of_layer(scores.of_layer(layer)) for layer in scores.layers}


def layer_summary(scores: Scores) -> dict[str, dict[str, float]]:
    """Of each layer LayerMem over the candidates, with Delta-LayerMem (``delta``) from the second layer on."""
    among = scores.among('candidate')
    pairs = zip(scores.of_f[..., among], scores.of_g[..., among], strict=True)
    by_seed = torch.stack([layermem(f, g) for f, g in pairs])
    found = {layer: mean_and_std(values) for layer, values in zip(scores.layers, by_seed.unbind(dim=1), strict=True)}
    for layer, delta in zip(scores.layers[1:], delta_layermem(by_seed.mean(dim=0)).tolist(), strict=True):
        found[layer]['delta'] = delta
    return found


def between_seeds(scores: Scores, top: int = TOP) -> list[dict[str, Any]]:
    """``seeds``, and :func:`agreement` of the candidates' scores by each two of them; of one layer."""
    of_seed = dict(zip(scores.seeds, scores.sslmem[:, 0, scores.among('candidate')], strict=True))
    return [dict(seeds=[a, b], **agreement(of_seed[a], of_seed[b], top)) for a, b in combinations(of_seed, 2)]


def agreement(a: Tensor, b: Tensor, top: int = TOP) -> dict[str, Any]:
    """``top``, ``overlap``, ``tau`` and ``p`` of two scores ``[M]`` of the same images; of all, if there are fewer."""
    top = min(top, len(a))
    return dict(top=top, **statistics.agreement(a, b, top)._asdict())


def _of_layer(scores: Scores) -> dict[str, Any]:
    forms = dict(sslmem=scores.sslmem, sslmem_range=scores.ranged, sslmem_prime=scores.relative)
    places = {name: scores.among(name) for name in SPLIT_SETS if name in scores.sets}
    values = {form: {name: of[:, 0, among] for name, among in places.items()} for form, of in forms.items()}
    means = {name: each.mean(dim=0) for name, each in values['sslmem'].items()}
    found: dict[str, Any] = {
        'sets': {name: {form: _described(values[form][name]) for form in forms} for name in places},
        'tests': [each._asdict() for each in statistics.compare(means)],
    }
    if len(scores.seeds) > 1:
        found['seeds'] = between_seeds(scores)
    return found


def _described(values: Tensor) -> dict[str, Any]:
    """Of scores ``[S, M]``."""
    quantiles = statistics.quantiles(values.mean(dim=0))
    return mean_and_std(values.mean(dim=1)) | dict(num_images=values.shape[1], quantiles=quantiles)
