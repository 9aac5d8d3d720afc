"""Extraction of features for all benchmarks together: each image is read once, and stored features are reused."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

import torch
from mmengine.dataset import DefaultSampler
from mmengine.logging import print_log
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from sslreg.datasets import BrokenImageError, collate
from sslreg.datasets.image_files import printable
from sslreg.registry import FEATURES

from .collect import Batch, is_broken, merge, outputs
from .corrupt import SkipBroken, collate_readable, dataset_name, image_name
from .kinds import Observer, kind_text
from .resume import extract_and_store, load_on_all_ranks
from .store import FeatureStore, combine, dataset_hash, model_hash
from .wanted import Wanted

Kind = Callable[[Observer, Tensor], Tensor]
LISTED = 5  # names of broken images in messages


class Pass(NamedTuple):
    """One pass over a dataset for one or more kinds of features.

    Attributes:
        key: Hash of images and transforms.
        dataset: Built dataset.
        one_size: Whether all images have one size.
        may_lack_images: Whether all requests allow broken images to be left out.
        kinds: Configs of kinds by their text.
    """

    key: str
    dataset: Any
    one_size: bool
    may_lack_images: bool
    kinds: dict[str, dict[str, Any]]


class Extractor:
    """Extractor of features of datasets by one model; collective, with the same result on any number of ranks.

    With a store, an interrupted extraction continues where it stopped.

    Args:
        model: Network with ``extract_feat``, ``feature_backbone`` and ``data_preprocessor``, on its device and in
            evaluation mode.
        store: Store of features, or None; without a store nothing is hashed, and a dataset is read once if benchmarks
            share the object.
        batch_size: Images at a time; 1 for datasets of several sizes.
        num_workers: Data-loading workers per process.
        skip_broken: Leave out images that cannot be decoded, for requests that allow it (``may_lack_images``): their
            rows are NaN.
        pin_memory: Whether loaders pin their batches.

    Attributes:
        broken: Names of the images that were left out, by dataset.
    """

    def __init__(
        self,
        model: Any,
        store: FeatureStore | None,
        batch_size: int = 256,
        num_workers: int = 4,
        skip_broken: bool = False,
        pin_memory: bool = False,
    ) -> None:
        self.model = model
        self.store = store
        self.batch_size = batch_size
        self.num_workers = num_workers
        self.pin_memory = pin_memory
        self.skip_broken = skip_broken
        self.broken: dict[str, list[str]] = {}

    def __call__(self, wanted: Sequence[Wanted]) -> list[Tensor]:
        """Extract the features ``[N, ...]`` of each request, on the host.

        Raises:
            BrokenImageError: An image cannot be decoded, and may not be left out.
            ValueError: Features are not finite.
        """
        keys = self.keys(wanted)
        feats: dict[tuple[str, str], Tensor] = {}
        for each in passes(keys, wanted):
            feats |= {(each.key, kind): found for kind, found in self._features(each).items()}
        return [feats[key] for key in keys]

    def keys(self, wanted: Sequence[Wanted]) -> list[tuple[str, str]]:
        """Return the cache key (dataset hash, feature kind) of each request."""
        unique = {id(each.dataset): each.dataset for each in wanted}
        hashes = {number: dataset_hash(each) if self.store else str(number) for number, each in unique.items()}
        return [(hashes[id(each.dataset)], kind_text(each.kind)) for each in wanted]

    def stored(self, each: Pass) -> dict[str, Tensor]:
        """Return the features that are in the store, by the text of their kinds."""
        if self.store is None:
            return {}
        found = {kind: load_on_all_ranks(self.store, self._key(each, kind)) for kind in each.kinds}
        return {kind: feats for kind, feats in found.items() if feats is not None}

    def _features(self, each: Pass) -> dict[str, Tensor]:
        """Return all kinds of features of one dataset, by their text."""
        found = self.stored(each)
        absent = [kind for kind in each.kinds if kind not in found]
        name = dataset_name(each.dataset)
        if found:
            print_log(f'features of {name}: {", ".join(found)} from the store', 'current')
        if absent:
            if self.store is not None:
                print_log(f'features of {name}: {", ".join(absent)}', 'current')
            found |= dict(zip(absent, self._make(each, absent), strict=True))
        self._report_broken(each, found)
        return found

    def _report_broken(self, each: Pass, feats: dict[str, Tensor]) -> None:
        lost = torch.stack([is_broken(rows) for rows in feats.values()]).any(dim=0).nonzero().flatten().tolist()
        if not lost:
            return
        names = [printable(image_name(each.dataset, index)) for index in lost]
        text = (
            f'{len(lost)} of {dataset_name(each.dataset)} cannot be decoded: '
            f'{", ".join(names[:LISTED])}{", ..." if len(names) > LISTED else ""}'
        )
        if not self._skips(each):
            remedy = ', or leave them out by --skip-broken' if each.may_lack_images else ''
            raise BrokenImageError(f'{text}: replace or remove them{remedy}')
        print_log(f'{text}: left out', 'current', logging.WARNING)
        self.broken[dataset_name(each.dataset)] = names

    def _skips(self, each: Pass) -> bool:
        return self.skip_broken and each.may_lack_images

    def _key(self, each: Pass, kind: str) -> str:
        return combine(self.model_hash, each.key, kind)

    def _make(self, each: Pass, kinds: list[str]) -> list[Tensor]:
        if self.store is None:
            return merge(self.batches(each, kinds), len(each.dataset))
        about = dict(dataset=type(each.dataset).__name__, network=self._network)
        keys = {self._key(each, kind): about | dict(kind=kind) for kind in kinds}
        return extract_and_store(self.store, keys, len(each.dataset), partial(self.batches, each, kinds))

    def batches(self, each: Pass, kinds: list[str], images: Sequence[int] | None = None) -> Iterator[Batch]:
        """Yield this rank's share of some images (by default all) of a dataset, with rows of each kind on the host."""
        skips = self._skips(each)
        images = range(len(each.dataset)) if images is None else images
        dataset = Subset(SkipBroken(each.dataset) if skips else each.dataset, images)
        loader: DataLoader[Any] = DataLoader(
            dataset,
            batch_size=self.batch_size if each.one_size else 1,
            sampler=DefaultSampler(dataset, shuffle=False, seed=0, round_up=False),  # else it draws a seed from numpy
            num_workers=self.num_workers,
            collate_fn=collate_readable if skips else collate,
            pin_memory=self.pin_memory,
        )
        title = f'features of {type(each.dataset).__name__}'
        return outputs(self.functions(each, kinds), loader, self.model.data_preprocessor, title)

    def functions(self, each: Pass, kinds: list[str]) -> list[Callable[[Tensor], Tensor]]:
        """Return functions from preprocessed images ``[B, 3, H, W]`` to rows ``[B, ...]`` of each kind on the host."""
        built = [FEATURES.build(each.kinds[kind]) for kind in kinds]
        observer = Observer(self.model, any(getattr(kind, 'needs_layers', True) for kind in built))
        return [partial(self._apply, observer, kind) for kind in built]

    def _apply(self, observer: Observer, kind: Kind, images: Tensor) -> Tensor:
        feats = kind(observer, images).float().cpu()
        if not feats.isfinite().all():
            raise ValueError(f'features of {self._network} are not finite: have its weights diverged?')
        return feats

    @cached_property
    def model_hash(self) -> str:
        """Hash of the network."""
        return model_hash(self.model)

    @property
    def _network(self) -> str:
        return type(self.model.feature_backbone).__name__


def passes(keys: Sequence[tuple[str, str]], wanted: Sequence[Wanted]) -> list[Pass]:
    """Combine requests for datasets of one key into one pass; ``keys`` are those of :meth:`Extractor.keys`."""
    groups: dict[str, list[tuple[str, Wanted]]] = {}
    for (key, kind), each in zip(keys, wanted, strict=True):
        groups.setdefault(key, []).append((kind, each))
    return [
        Pass(
            key,
            dataset=group[0][1].dataset,
            one_size=group[0][1].one_size,
            may_lack_images=all(each.may_lack_images for _, each in group),
            kinds={kind: each.kind for kind, each in group},
        )
        for key, group in groups.items()
    ]
