"""SSLMem of the images of a study by pairs of encoders, kept on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from sslreg.evaluation.features.resume import extract_and_store, load_on_all_ranks
from sslreg.evaluation.features.store import FeatureStore, combine, dataset_hash, model_hash
from sslreg.evaluation.model import load_model

from .image_scores import ImageScores
from .image_sets import augmentation
from .layers import Layers
from .measure import AlignmentOf, alignment_batches, first_view, shared_out
from .score_settings import PairHashes, Protocol
from .split import SPLIT_SETS
from .study import ENCODERS, Checkpoints, Study


@dataclass(frozen=True)
class EncoderPair:
    """The encoders of one seed, ready to be compared.

    Attributes:
        seed: Seed of their trainings.
        f: Scored layers of f.
        g: Scored layers of g.
    """

    seed: int
    f: Layers
    g: Layers

    @cached_property
    def hashes(self) -> PairHashes:
        """Hashes of the networks f and g."""
        return PairHashes(self.seed, model_hash(self.f.model), model_hash(self.g.model))


def load_pair(study: Study, checkpoints: Checkpoints, seed: int, protocol: Protocol, device: str) -> EncoderPair:
    """Load the encoders of one seed.

    Args:
        study: The study, whose config and split trained them.
        checkpoints: Their paths.
        seed: Seed of their trainings.
        protocol: Names the layers.
        device: Device that they run on.

    Raises:
        ValueError: A checkpoint is of another network than the config's, or both are of one.
    """
    f, g = (
        Layers(_load(study, name, path, seed, device), protocol.layers)
        for name, path in zip(ENCODERS, checkpoints, strict=True)
    )
    pair = EncoderPair(seed, f, g)
    if pair.hashes.f == pair.hashes.g:
        raise ValueError(
            f'{checkpoints.f} and {checkpoints.g} are one network, which cannot be compared with itself: give as g the '
            'one that was trained without the candidates'
        )
    return pair


def _load(study: Study, name: str, checkpoint: str, seed: int, device: str) -> Any:
    cfg = study.encoder_config(name, seed)
    try:
        return load_model(cfg, checkpoint, device)
    except ValueError as error:
        raise ValueError(
            f'{name} ({checkpoint}) is not of the architecture of the config, which f and g must share: {error}'
        ) from error


def score_images(
    study: Study,
    pairs: Sequence[EncoderPair],
    protocol: Protocol,
    store: FeatureStore,
    batch_size: int = 128,
    num_workers: int = 4,
) -> ImageScores:
    """Score all images of a study's split; collective, with the same result on any number of ranks.

    Both encoders of a pair see the same views in the same pass. Stored alignments are not measured again, and an
    interrupted scoring goes on.

    Args:
        study: The study.
        pairs: The encoders of each seed.
        protocol: Settings of the scoring.
        store: Folder of alignments.
        batch_size: Images at a time.
        num_workers: Data-loading workers per process.
    """
    split = study.split
    names = [name for name in SPLIT_SETS if split.part(name)]
    columns = []
    for name in names:
        dataset = study.images(name).views(protocol.num_views, protocol.plain)
        key = combine(dataset_hash(dataset), repr((protocol, augmentation(study.cfg), name)))
        rows = [_align(pair, dataset, key, protocol.by, store, batch_size, num_workers) for pair in pairs]
        columns.append(torch.stack(rows, dim=1))  # [2, S, L, M]
    of_f, of_g = torch.cat(columns, dim=-1)
    sets = [name for name in names for _ in split.part(name)]
    index = torch.tensor([image for name in names for image in split.part(name)])
    return ImageScores(pairs[0].f.names, [pair.seed for pair in pairs], sets, index, of_f, of_g)


def _align(
    pair: EncoderPair, dataset: Any, key: str, by: AlignmentOf, store: FeatureStore, batch_size: int, num_workers: int
) -> Tensor:
    """Return the alignment ``[2, L, M]`` by f and g of all images of a dataset."""
    encoders, preprocess = (pair.f, pair.g), pair.f.model.data_preprocessor
    first = first_view(dataset, preprocess)
    for each in encoders:
        each.order(first)
    keys = [combine(key, pair.hashes.f, pair.hashes.g, name) for name in ENCODERS]
    rows = [load_on_all_ranks(store, each) for each in keys]
    if any(each is None for each in rows):
        about = {each: dict(layers=pair.f.names, encoder=name) for each, name in zip(keys, ENCODERS, strict=True)}

        def batches(images: Sequence[int]) -> Any:
            loader = shared_out(dataset, batch_size, num_workers, images)
            return alignment_batches(encoders, loader, preprocess, by)

        rows = list(extract_and_store(store, about, len(dataset), batches))
    return torch.stack([each.T for each in rows if each is not None])
