"""Features for all benchmarks together: each image of a dataset is read once, and what is on disk is not made again."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from mmengine.dataset import DefaultSampler
from mmengine.dist import all_reduce, is_main_process
from torch import Tensor
from torch.utils.data import DataLoader

from sslreg.datasets import collate
from sslreg.registry import FEATURES

from .benchmarks.base import Wanted
from .features import collect_all
from .kinds import Observer, kind_text
from .store import FeatureStore, combine, dataset_hash, model_hash

Kind = Callable[[Observer, Tensor], Tensor]


class Extractor:
    """Features of any datasets by one model; collective, with the same result on any number of ranks.

    Args:
        model: Has ``extract_feat``, ``feature_backbone`` and ``data_preprocessor``; on its device, in evaluation mode.
        store: Where features are kept, or None.
        batch_size: Images at a time; 1 for those of several sizes.
        num_workers: Of the loaders.
    """

    def __init__(self, model: Any, store: FeatureStore | None, batch_size: int = 256, num_workers: int = 4) -> None:
        self.model = model
        self.observer = Observer(model)
        self.store = store
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.model_hash = model_hash(model)

    def __call__(self, wanted: Sequence[Wanted]) -> list[Tensor]:
        """Features ``[N, ...]`` on the host for each of ``wanted``."""
        unique = {id(each.dataset): each.dataset for each in wanted}
        hashes = {number: dataset_hash(dataset) for number, dataset in unique.items()}
        keys = [(hashes[id(each.dataset)], kind_text(each.kind)) for each in wanted]
        feats: dict[tuple[str, str], Tensor] = {}
        for name, example in {key[0]: each for key, each in zip(keys, wanted, strict=True)}.items():
            kinds = {kind: each.kind for (key, kind), each in zip(keys, wanted, strict=True) if key == name}
            feats |= {(name, kind): found for kind, found in self._features(name, example, kinds).items()}
        return [feats[key] for key in keys]

    def _features(self, name: str, example: Wanted, kinds: dict[str, dict[str, Any]]) -> dict[str, Tensor]:
        """Of one dataset all kinds, by their text."""
        keys = {kind: combine(self.model_hash, name, kind) for kind in kinds}
        stored = {kind: self._stored(key) for kind, key in keys.items()}
        missing = [kind for kind, feats in stored.items() if feats is None]
        made = self._make(example, [kinds[kind] for kind in missing]) if missing else []
        for kind, feats in zip(missing, made, strict=True):
            stored[kind] = feats
            if self.store is not None and is_main_process():
                about = dict(dataset=type(example.dataset).__name__, kind=kind, network=self._network)
                self.store.save(keys[kind], feats, about)
        return {kind: feats for kind, feats in stored.items() if feats is not None}

    def _stored(self, key: str) -> Tensor | None:
        """None unless every rank has it."""
        feats = self.store.load(key) if self.store is not None else None
        found = torch.tensor(int(feats is not None))
        all_reduce(found, 'min')
        return feats if found else None

    def _make(self, example: Wanted, kinds: list[dict[str, Any]]) -> list[Tensor]:
        fns = [partial(self._apply, FEATURES.build(kind)) for kind in kinds]
        loader = DataLoader(
            example.dataset,
            batch_size=self.batch_size if example.one_size else 1,
            sampler=DefaultSampler(example.dataset, shuffle=False, round_up=False),
            num_workers=self.num_workers,
            collate_fn=collate,
        )
        return collect_all(fns, loader, self.model.data_preprocessor)

    def _apply(self, kind: Kind, images: Tensor) -> Tensor:
        return kind(self.observer, images).float().cpu()

    @property
    def _network(self) -> str:
        return type(self.model.feature_backbone).__name__
