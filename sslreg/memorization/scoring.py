"""SSLMem of the images of a split by pairs of encoders, kept on disk."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from sslreg.engine import launch
from sslreg.evaluation.resume import make, stored
from sslreg.evaluation.store import FeatureStore, combine, dataset_hash, model_hash

from . import splits, statistics, study
from .encoders import encoder
from .layers import REPRESENTATION, Layers
from .measure import AlignmentOf, alignment_batches, first_view, shared_out
from .scores import delta_layermem, layermem, range_normalized, relative_sslmem, sslmem

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
TOP = 100  # most memorised candidates that seeds are compared by


@dataclass(frozen=True)
class Protocol:
    """What is measured.

    Attributes:
        num_views: Augmentations of an image.
        by: How alignment is measured.
        layers: Patterns of :class:`Layers`.
    """

    num_views: int = 5
    by: AlignmentOf = field(default_factory=AlignmentOf)
    layers: tuple[str, ...] = (REPRESENTATION,)

    @property
    def plain(self) -> bool:
        """Whether the image as it is comes before its views."""
        return self.by.against == 'image'


@dataclass(frozen=True)
class Scores:
    """Alignment of the images of a split by S pairs of encoders, of one seed each.

    Attributes:
        layers: Names of L layers.
        seeds: S of them.
        sets: Of each of N images, ``'shared'`` and so on.
        index: ``[N]`` of each image in the training set; of extra ones in the test set.
        of_f, of_g: Alignment ``[S, L, N]``.
    """

    layers: list[str]
    seeds: list[int]
    sets: list[str]
    index: Tensor
    of_f: Tensor
    of_g: Tensor

    @property
    def sslmem(self) -> Tensor:
        """``[S, L, N]``."""
        return sslmem(self.of_f, self.of_g)

    @property
    def relative(self) -> Tensor:
        """SSLMem', ``[S, L, N]``."""
        return relative_sslmem(self.of_f, self.of_g)

    @property
    def ranged(self) -> Tensor:
        """SSLMem divided by the range over all images of a seed and layer, ``[S, L, N]``."""
        flat = self.sslmem.flatten(0, 1)
        return torch.stack([range_normalized(row) for row in flat]).view_as(self.of_f)

    def of_layer(self, name: str) -> 'Scores':
        """Of one of the layers alone.

        Raises:
            ValueError: There is no such layer.
        """
        if name not in self.layers:
            raise ValueError(f'layer {name!r} was not scored; those that were: {", ".join(self.layers)}')
        place = [self.layers.index(name)]
        return replace(self, layers=[name], of_f=self.of_f[:, place], of_g=self.of_g[:, place])

    def among(self, name: str) -> Tensor:
        """Places ``[M]`` of the images of a set."""
        return torch.tensor([place for place, each in enumerate(self.sets) if each == name])

    def write(self, path: Path) -> None:
        """``.npz``: the attributes, and the three forms of SSLMem as ``sslmem``, ``sslmem_range``, ``sslmem_prime``."""
        arrays: dict[str, Any] = {
            'set': np.array(self.sets),
            'index': self.index.numpy(),
            'layers': np.array(self.layers),
            'seeds': np.array(self.seeds),
            'f': self.of_f.numpy(),
            'g': self.of_g.numpy(),
            'sslmem': self.sslmem.numpy(),
            'sslmem_range': self.ranged.numpy(),
            'sslmem_prime': self.relative.numpy(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix('.part')
        with partial.open('wb') as file:
            np.savez(file, **arrays)
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> 'Scores':
        """What :meth:`write` wrote."""
        with np.load(path) as found:
            layers, seeds, sets = (found[name].tolist() for name in ('layers', 'seeds', 'set'))
            return cls(layers, seeds, sets, *(torch.from_numpy(found[name]) for name in ('index', 'f', 'g')))


@dataclass(frozen=True)
class Pair:
    """The encoders of one seed, ready to be compared.

    Attributes:
        seed: Of their trainings.
        f, g: With the layers that are looked at.
    """

    seed: int
    f: Layers
    g: Layers

    @property
    def hashes(self) -> dict[str, str]:
        return {name: model_hash(layers.model) for name, layers in (('f', self.f), ('g', self.g))}


def load(
    cfg: Config, split_file: Path | str, checkpoints: Mapping[str, str], seed: int, protocol: Protocol, device: str
) -> Pair:
    """Encoders from checkpoints.

    Args:
        cfg: Config of the study: of the training on the whole training set.
        split_file: By which they were trained.
        checkpoints: Paths of ``'f'`` and ``'g'``.
        seed: Of their trainings.
        protocol: For its layers.
        device: Where they run.

    Raises:
        ValueError: A checkpoint is of another network than the config's.
    """
    found = {}
    for name in study.ENCODERS:
        try:
            model = launch.evaluated_model(
                study.trained_on(cfg, split_file, name, seed), str(checkpoints[name]), device
            )
        except ValueError as error:
            raise ValueError(
                f'{name} ({checkpoints[name]}) is not of the architecture of the config, which f and g must share: '
                f'{error}'
            ) from error
        found[name] = Layers(encoder(model), protocol.layers)
    return Pair(seed, **found)


def score(
    cfg: Config,
    split_file: Path | str,
    pairs: Sequence[Pair],
    protocol: Protocol,
    store: FeatureStore,
    batch_size: int = 128,
    num_workers: int = 4,
) -> Scores:
    """Scores of all images of a split that has them; collective, with the same result on any number of ranks.

    Both encoders of a pair see the same views in the same pass. What is stored is not measured again, and what was
    interrupted goes on.
    """
    split = splits.read(split_file)
    names = [name for name in splits.NAMES if split.part(name)]
    columns = []
    for name in names:
        dataset = study.viewed(cfg, name, split_file, protocol.num_views, protocol.plain)
        key = combine(dataset_hash(dataset), repr((protocol, study.augmentation(cfg), name)))
        rows = [_aligned(pair, dataset, key, protocol.by, store, batch_size, num_workers) for pair in pairs]
        columns.append(torch.stack(rows, dim=1))  # [2, S, L, M]
    of_f, of_g = torch.cat(columns, dim=-1)
    sets = [name for name in names for _ in split.part(name)]
    index = torch.tensor([image for name in names for image in split.part(name)])
    return Scores(pairs[0].f.names, [pair.seed for pair in pairs], sets, index, of_f, of_g)


def _aligned(
    pair: Pair, dataset: Any, key: str, by: AlignmentOf, store: FeatureStore, batch_size: int, num_workers: int
) -> Tensor:
    """Alignment ``[2, L, M]`` by f and g of all images of a dataset."""
    encoders, preprocess = (pair.f, pair.g), pair.f.model.data_preprocessor
    first = first_view(dataset, preprocess)
    for each in encoders:
        each.order(first)
    keys = [combine(key, *pair.hashes.values(), name) for name in study.ENCODERS]
    rows = [stored(store, each) for each in keys]
    if any(each is None for each in rows):
        about = {each: dict(layers=pair.f.names, encoder=name) for each, name in zip(keys, study.ENCODERS, strict=True)}

        def batches(images: Sequence[int]) -> Any:
            loader = shared_out(dataset, batch_size, num_workers, images)
            return alignment_batches(encoders, loader, preprocess, by)

        rows = list(make(store, about, len(dataset), batches))
    return torch.stack([each.T for each in rows if each is not None])


def summary(scores: Scores) -> dict[str, Any]:
    """Of each layer: the sets' means and quantiles, the tests of the paper's claims, and how seeds agree.

    With several seeds, an image's score is its mean over them.
    """
    return {layer: _of_layer(scores, place) for place, layer in enumerate(scores.layers)}


def layer_summary(scores: Scores) -> dict[str, dict[str, float]]:
    """Of each layer LayerMem over the candidates, with Delta-LayerMem (``delta``) from the second layer on."""
    among = scores.among('candidate')
    pairs = zip(scores.of_f[..., among], scores.of_g[..., among], strict=True)
    by_seed = torch.stack([layermem(f, g) for f, g in pairs])
    found = {layer: mean_and_std(values) for layer, values in zip(scores.layers, by_seed.unbind(dim=1), strict=True)}
    for layer, delta in zip(scores.layers[1:], delta_layermem(by_seed.mean(dim=0)).tolist(), strict=True):
        found[layer]['delta'] = delta
    return found


def _of_layer(scores: Scores, layer: int) -> dict[str, Any]:
    forms = dict(sslmem=scores.sslmem, sslmem_range=scores.ranged, sslmem_prime=scores.relative)
    places = {name: scores.among(name) for name in splits.NAMES if name in scores.sets}
    values = {form: {name: of[:, layer, among] for name, among in places.items()} for form, of in forms.items()}
    means = {name: each.mean(dim=0) for name, each in values['sslmem'].items()}
    found: dict[str, Any] = {
        'sets': {name: {form: _described(values[form][name]) for form in forms} for name in places},
        'tests': [each._asdict() for each in statistics.compare(means)],
    }
    if len(scores.seeds) > 1:
        found['seeds'] = _agreements(scores.seeds, values['sslmem']['candidate'])
    return found


def _described(values: Tensor) -> dict[str, Any]:
    """Of scores ``[S, M]``."""
    quantiles = values.mean(dim=0).quantile(torch.tensor(QUANTILES)).tolist()
    return mean_and_std(values.mean(dim=1)) | dict(
        num_images=values.shape[1], quantiles=dict(zip(map(str, QUANTILES), quantiles, strict=True))
    )


def mean_and_std(values: Tensor) -> dict[str, float]:
    """Mean of one value a seed, and their standard deviation where there are several."""
    return dict(mean=float(values.mean())) | (dict(std=float(values.std())) if len(values) > 1 else {})


def _agreements(seeds: Sequence[int], values: Tensor) -> list[dict[str, Any]]:
    """Of the most memorised candidates by the scores ``[S, M]`` of each two seeds."""
    top = min(TOP, values.shape[1])
    return [
        dict(seeds=[seeds[a], seeds[b]], top=top, **statistics.agreement(values[a], values[b], top)._asdict())
        for a, b in combinations(range(len(seeds)), 2)
    ]


def about(cfg: Config, split_file: Path | str, pairs: Sequence[Pair], protocol: Protocol) -> dict[str, Any]:
    """What scores depend on."""
    return dict(
        config=cfg.filename,
        split=str(split_file),
        protocol=asdict(protocol),
        augmentation=repr(study.augmentation(cfg)),
        networks=[dict(seed=pair.seed, **pair.hashes) for pair in pairs],
    )


def warnings(cfg: Config, trainings: Mapping[str, Config]) -> list[str]:
    """In which augmentations an encoder was trained that differ from those that it is scored on."""
    found = {
        name: study.differences(study.augmentation(training), study.augmentation(cfg), 'augmentation')
        for name, training in trainings.items()
    }
    return [
        f'{name} was trained on other augmentations than it is scored on: {", ".join(texts)}'
        for name, texts in found.items()
        if texts
    ]
