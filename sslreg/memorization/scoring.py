"""SSLMem of the images of a split by pairs of encoders, kept on disk."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor

from sslreg.evaluation.features.resume import make, stored
from sslreg.evaluation.features.store import FeatureStore, combine, dataset_hash, model_hash
from sslreg.evaluation.model import load_model

from . import study
from .image_scores import Scores
from .layers import REPRESENTATION, Layers
from .measure import AlignmentOf, alignment_batches, first_view, shared_out
from .split import SPLIT_SETS, Split


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
class Pair:
    """The encoders of one seed, ready to be compared.

    Attributes:
        seed: Of their trainings.
        f, g: With the layers that are looked at.
    """

    seed: int
    f: Layers
    g: Layers

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Of the networks f and g."""
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
        ValueError: A checkpoint is of another network than the config's, or both are of one.
    """
    found = {}
    for name in study.ENCODERS:
        try:
            model = load_model(study.trained_on(cfg, split_file, name, seed), str(checkpoints[name]), device)
        except ValueError as error:
            raise ValueError(
                f'{name} ({checkpoints[name]}) is not of the architecture of the config, which f and g must share: '
                f'{error}'
            ) from error
        found[name] = Layers(model, protocol.layers)
    pair = Pair(seed, **found)
    if pair.hashes['f'] == pair.hashes['g']:
        raise ValueError(
            f'{checkpoints["f"]} and {checkpoints["g"]} are one network, which cannot be compared with itself: give as '
            'g the one that was trained without the candidates'
        )
    return pair


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
    split = Split.read(split_file)
    names = [name for name in SPLIT_SETS if split.part(name)]
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


def about(cfg: Config, split_file: Path | str, pairs: Sequence[Pair], protocol: Protocol) -> dict[str, Any]:
    """What scores depend on."""
    return dict(
        config=cfg.filename,
        split=str(split_file),
        protocol=asdict(protocol),
        augmentation=repr(study.augmentation(cfg)),
        networks=[dict(seed=pair.seed, **pair.hashes) for pair in pairs],
    )
