"""Linear probes on random views."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
from mmengine.dist import all_reduce, broadcast, get_rank, get_world_size, is_main_process
from mmengine.logging import print_log
from torch import Tensor
from torch.utils.data import DataLoader

from sslreg.arguments import Bounds, NonEmpty, NonNegative, NonNegativeInt, PositiveInt, Positives, checked
from sslreg.datasets import collate, set_view_key, worker_init_fn
from sslreg.datasets.classes import check_all_classes, check_classes, class_labels
from sslreg.evaluation.features.kinds import Observer, kind_text
from sslreg.evaluation.features.store import combine, dataset_hash, model_hash
from sslreg.evaluation.metric import Metric, Metrics
from sslreg.evaluation.metrics.class_accuracy import ROLES, class_ranks, top_accuracies
from sslreg.evaluation.probes.linear import (
    LRS,
    Head,
    LinearHeads,
    Optimizer,
    cosine,
    drawn_to_select,
    gradient,
    grid,
    warn_of_divergence,
)
from sslreg.evaluation.probes.streaming import check_finite
from sslreg.models.checkpoints import load_checkpoint
from sslreg.registry import BENCHMARKS, FEATURES
from sslreg.utils.files import atomic_write
from sslreg.utils.progress import progress
from sslreg.utils.seeds import derived_seed

from .base import BaseBenchmark, Wanted, build_dataset
from .component_names import by_name


class BatchFeatures:
    """Features ``[B, C]`` of several kinds from one pass over a batch, by name of the kind, and the images' indices.

    Args:
        model: Network as :class:`Extractor` takes it.
        kinds: Configs of the kinds by name.
        amp: Whether the network runs in bfloat16.
    """

    def __init__(self, model: Any, kinds: dict[str, dict[str, Any]], amp: bool) -> None:
        self.model, self.amp = model, amp
        self.observer = Observer(model)
        self.kinds = {name: FEATURES.build(kind) for name, kind in kinds.items()}

    def __call__(self, batch: dict[str, Any]) -> tuple[dict[str, Tensor], Tensor]:
        """Return features and indices of a batch of a data loader."""
        data = self.model.data_preprocessor(batch, False)
        images = one_view(data['inputs'])
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.amp):
            return {name: kind(self.observer, images) for name, kind in self.kinds.items()}, data['data_samples']


def one_view(inputs: Tensor | list[Tensor]) -> Tensor:
    """Return the images ``[B, 3, H, W]`` of a batch of one view; raise ValueError if there are several."""
    views = inputs if isinstance(inputs, list) else [inputs]
    if len(views) != 1:
        raise ValueError(f'the training images come as {len(views)} views: a linear probe takes one of each')
    return views[0]


@BENCHMARKS.register_module()
class LinearBenchmark(BaseBenchmark):
    """Accuracy of linear classifiers that learn from a random view of each image in each epoch (DINO, iBOT).

    The network is frozen and in evaluation mode. All learning rates, weight decays and optimizers learn from one pass
    over the data, for all kinds of features, with momentum 0.9; learning rates are times batch / 256 and fall to 0 by a
    cosine over all steps (in the papers' code over epochs). Metrics, in per cent, are those after the last epoch:
    ``pooled/sgd-lr0.1-wd0/top1`` etc. of each head; ``pooled/best/top1`` of the head that is best on the test images,
    as the papers report (which also choose the best epoch); with ``val`` ``pooled/selected/top1`` of the head that is
    best on held-out training images, independent of test labels.

    An epoch's batches differ by one image in size at most, and are shared by the ranks; results differ with the number
    of ranks by rounding only. The rate of a step is that of the batch it has: with ``batch_size=1024``, 1,030 images
    are two batches of 515 and learn at 515 / 256 times the learning rates.

    After each epoch the state is written into the folder of the results, under a hash of all that it depends on, and a
    benchmark with the same hash goes on from it. Views by :class:`MultiCrop` are drawn from (seed, epoch, index), so an
    interrupted run gives the results of an uninterrupted one.

    Memory: for H heads of C features each kind keeps weights and momentum, ``8 H classes (C + 1)`` bytes (ImageNet, 52
    heads, C = 1536: 640 MB, which is also the size of the state on disk). A step takes about twice that for a while,
    and ``8 B H classes`` bytes for a rank's B images.

    Args:
        train: Config of the dataset to learn from, with labels; its transforms give one random view.
        test: Config of the dataset to classify, or the dataset itself, with the same classes and transforms for
            evaluation.
        kinds: Configs of kinds of features ``[B, C]``, registry ``FEATURES``.
        lrs: Learning rates for a batch of 256 images.
        weight_decays: Weight decays.
        optimizers: ``'sgd'``, ``'lars'``.
        epochs: Number of epochs.
        batch_size: Images of a step on all ranks together.
        val: Config of the images of ``train`` with the transforms of ``test``, from which some are held out.
        val_share: Share of each class that is held out.
        amp: Whether the network runs in bfloat16; the heads are float32.
        seed: Seed of weights, batches, views and held-out images.
        num_workers: Data-loading workers per process.

    Raises:
        ValueError: An argument is out of range.
    """

    @checked
    def __init__(
        self,
        train: dict[str, Any],
        test: dict[str, Any],
        kinds: Annotated[Sequence[dict[str, Any]], NonEmpty()],
        lrs: Positives = LRS,
        weight_decays: Annotated[Sequence[NonNegative], NonEmpty()] = (0, 1e-6),
        optimizers: Annotated[Sequence[Optimizer], NonEmpty()] = ('sgd', 'lars'),
        epochs: PositiveInt = 100,
        batch_size: PositiveInt = 1024,
        val: dict[str, Any] | None = None,
        val_share: Annotated[float, Bounds(above=0, below=1)] = 0.1,
        amp: bool = False,
        seed: int = 0,
        num_workers: NonNegativeInt = 8,
    ) -> None:
        self.configs = dict(train=train, test=test) | (dict(val=val) if val is not None else {})
        self.kinds = by_name(kinds, '')
        self.grid = grid(lrs, weight_decays, optimizers)
        self.epochs, self.batch_size, self.val_share = epochs, batch_size, val_share
        self.amp, self.seed, self.num_workers = amp, seed, num_workers

    def wanted(self) -> dict[str, Wanted]:
        """Request all test images of each kind, as ``pooled/test``, and held-out images, as ``pooled/val``."""
        datasets = {name: build_dataset(config) for name, config in self.configs.items()}
        check_classes(datasets['train'], datasets['test'])
        self.images = datasets.pop('train')
        self.train_labels = class_labels(self.images)
        self.labels = dict(test=class_labels(datasets['test']))
        self.num_classes = int(max(self.train_labels.max(), self.labels['test'].max())) + 1
        held_out = torch.zeros_like(self.train_labels, dtype=torch.bool)
        if 'val' in datasets:
            if not class_labels(datasets['val']).equal(self.train_labels):
                raise ValueError(
                    'val must be the images of train with other transforms, but their labels differ: give both '
                    'the same files'
                )
            held_out = drawn_to_select(self.train_labels, self.val_share, self.seed)
            self.labels['val'] = self.train_labels[held_out]
            datasets['val'].get_subset_(held_out.nonzero().flatten().tolist())  # in place: see SplitPart
        self.learnt = (~held_out).nonzero().flatten()
        check_all_classes(self.train_labels[self.learnt], self.labels['test'])
        return {
            f'{name}/{part}': Wanted(dataset, kind)
            for name, kind in self.kinds.items()
            for part, dataset in datasets.items()
        }

    @torch.no_grad()
    def fit(self, model: Any, folder: Path) -> None:
        """Train all heads, from the state in ``folder`` if an earlier run left one."""
        features = BatchFeatures(model, self.kinds, self.amp)
        first, _ = features(collate([self.images[0]]))
        self.heads = {name: self._untrained(name, feats) for name, feats in first.items()}
        path = folder / f'linear-{self._hash(model)}.pth'
        for epoch in range(restore_state(path, self.heads), self.epochs):
            self._epoch(features, epoch)
            save_state(path, self.heads, epoch + 1)
            print_log(f'linear probe: {epoch + 1} of {self.epochs} epochs, state in {path}', 'current')
        set_view_key(self.images, None)

    def run(self, feats: dict[str, Tensor]) -> Metrics:
        """Return the accuracies of the best head, of the selected head, if images are held out, and of all heads."""
        metrics: Metrics = {}
        for kind, heads in self.heads.items():
            warn_of_divergence(heads.heads, heads.params)
            accuracies = {
                part: self._accuracies(heads, feats[f'{kind}/{part}'], labels) for part, labels in self.labels.items()
            }
            chosen = dict(best=best(accuracies['test']))
            if 'val' in accuracies:
                chosen['selected'] = best(accuracies['val'])
            print_log(f'linear probe on {kind}: {", ".join(f"{k} {v}" for k, v in chosen.items())}', 'current')
            for name, head in chosen.items():
                metrics |= {
                    Metric(m, kind, setting=name, role=ROLES.get(m, 'main')): value
                    for m, value in accuracies['test'][head].items()
                }
            for head, values in accuracies['test'].items():
                parameters = head._asdict()
                metrics |= {
                    Metric(m, kind, setting=str(head), parameters=parameters, role='grid'): value
                    for m, value in values.items()
                }
        return metrics

    def _accuracies(self, heads: LinearHeads, feats: Tensor, labels: Tensor) -> dict[Head, dict[str, float]]:
        """Return accuracies by measure for each head."""
        ranks = class_ranks(heads.scores, feats, labels)
        return {head: top_accuracies(ranks[str(head)], self.num_classes) for head in heads.heads}

    def _untrained(self, name: str, feats: Tensor) -> LinearHeads:
        if feats.ndim != 2:
            raise ValueError(f'{name} gives {list(feats.shape)} of an image: a linear probe takes features [B, C]')
        check_finite(feats)
        return LinearHeads(self.grid, self.num_classes, feats, torch.Generator().manual_seed(self.seed))

    def _hash(self, model: Any) -> str:
        share = self.val_share if 'val' in self.labels else None
        settings = (self.grid, self.num_classes, self.epochs, self.batch_size, share, self.amp, self.seed)
        kinds = map(kind_text, self.kinds.values())
        rates = [] if self._batches_are_whole() else ['rate of each batch']  # states of earlier versions have another
        return combine(model_hash(model), dataset_hash(self.images), *kinds, repr(settings), *rates)

    def _batches_are_whole(self) -> bool:
        """Return whether all batches of an epoch have ``batch_size`` images, or all images."""
        return len(self.learnt) < self.batch_size or len(self.learnt) % self.batch_size == 0

    def _epoch(self, features: BatchFeatures, epoch: int) -> None:
        rng = torch.Generator().manual_seed(derived_seed(self.seed, epoch))
        batches = drawn_batches(self.learnt, self.batch_size, rng)
        set_view_key(self.images, (self.seed, epoch))
        loader = progress(self._loader(batches, rng), f'linear probe, epoch {epoch + 1}')
        for step, (whole, batch) in enumerate(zip(batches, loader, strict=True)):
            factor = len(whole) / 256 * cosine((epoch + step / len(batches)) / self.epochs)
            found, indices = features(batch)
            for name, feats in found.items():
                self._step(self.heads[name], feats, self.train_labels[indices], len(whole), factor)

    def _loader(self, batches: Sequence[Tensor], rng: torch.Generator) -> DataLoader[Any]:
        """Load this rank's share of each batch; transforms without a key draw from the epoch's seed and the rank."""
        seed = rng.initial_seed() * get_world_size() + get_rank()
        return DataLoader(
            self.images,
            batch_sampler=[batch[get_rank() :: get_world_size()].tolist() for batch in batches],
            num_workers=self.num_workers,
            collate_fn=collate,
            worker_init_fn=worker_init_fn,
            pin_memory=torch.cuda.is_available(),
            generator=torch.Generator().manual_seed(seed),
        )

    def _step(self, heads: LinearHeads, feats: Tensor, labels: Tensor, size: int, factor: float) -> None:
        """Take a step by this rank's ``feats [B, C]`` of a batch of ``size`` images, without waiting for the device."""
        labels = labels.to(feats.device, non_blocking=True)
        grad = gradient(heads.params, feats.to(heads.params.dtype), labels).mul_(len(feats) / size)
        all_reduce(grad)
        heads.step(grad, factor)


def drawn_batches(images: Tensor, size: int, rng: torch.Generator) -> Sequence[Tensor]:
    """Divide the indices ``images [N]``, in random order, into the fewest even batches of at most ``size``.

    Raises:
        ValueError: A rank would get no image of a batch.
    """
    batches = images[torch.randperm(len(images), generator=rng)].tensor_split(-(-len(images) // size))
    if len(batches[-1]) < get_world_size():
        raise ValueError(
            f'batches of {len(batches[-1])} images cannot be shared by {get_world_size()} processes: use fewer, or a '
            'larger batch_size'
        )
    return batches


def best(heads: dict[Head, dict[str, float]]) -> Head:
    """Return the head with the highest ``top1``; the first one if several are equal."""
    return max(heads, key=lambda head: heads[head]['top1'])


def save_state(path: Path, heads: dict[str, LinearHeads], epochs: int) -> None:
    """Write the state of the heads by the main process, atomically."""
    if is_main_process():
        state = {name: (each.params, each.velocity) for name, each in heads.items()}
        with atomic_write(path) as partial:
            torch.save(dict(epochs=epochs, heads=state), partial)


def restore_state(path: Path, heads: dict[str, LinearHeads]) -> int:
    """Load the state that the main process stored into the heads of all ranks; return the number of finished epochs."""
    epochs = torch.tensor(0)
    if is_main_process() and path.is_file():
        state = load_checkpoint(path)
        epochs.fill_(state['epochs'])
        for name, (params, velocity) in state['heads'].items():
            heads[name].params.copy_(params)
            heads[name].velocity.copy_(velocity)
    broadcast(epochs)
    for each in heads.values():
        broadcast(each.params)
        broadcast(each.velocity)
    return int(epochs)
