"""Linear probes on cached features: the whole grid of learning rates, weight decays and optimizers at once."""

import logging
import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, NamedTuple

import torch
import torch.nn.functional as F
from mmengine.device import get_device
from mmengine.dist import all_reduce, get_rank, get_world_size
from mmengine.logging import print_log
from torch import Tensor

from sslreg.arguments import Bounds, NonEmpty, NonNegative, PositiveInt, Positives, checked
from sslreg.datasets.subsets import fraction
from sslreg.evaluation.metric import Parameters
from sslreg.registry import PROBES
from sslreg.utils.dist import move_to_device, own_rows

from .base import BaseProbe
from .streaming import check_finite

LRS = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.3, 0.5)
Optimizer = Literal['sgd', 'lars']
MOMENTUM = 0.9
TRUST = 0.001  # trust coefficient of LARS


class Head(NamedTuple):
    """Training settings of one linear classifier; ``lr`` is for a batch of 256 images."""

    optimizer: Optimizer
    lr: float
    weight_decay: float

    def __str__(self) -> str:
        """Return the name of the head in metrics."""
        return f'{self.optimizer}-lr{self.lr:g}-wd{self.weight_decay:g}'


@checked
def grid(
    lrs: Positives,
    weight_decays: Annotated[Sequence[NonNegative], NonEmpty()],
    optimizers: Annotated[Sequence[Literal['sgd', 'lars']], NonEmpty()],
) -> list[Head]:
    """Return a head for each learning rate, weight decay and optimizer.

    Raises:
        ValueError: A value is out of range, or a list is empty.
    """
    return [Head(name, lr, decay) for name in optimizers for decay in weight_decays for lr in lrs]


class LinearHeads:
    """Linear classifiers trained independently from the same initial weights on the same batches.

    SGD decays weights and bias, as torch's does. LARS (arXiv 1708.03888) scales the decayed gradient of the weights by
    0.001 ||W|| / ||gradient||, and neither scales nor decays the bias.

    Args:
        heads: Training settings of each of H classifiers.
        num_classes: Number of classes.
        feats: ``[..., C]`` on the device and in the precision to learn in, which is at least float32.
        rng: Generator of the weights, drawn from N(0, 0.01^2); biases are 0.

    Attributes:
        params: Weights and bias ``[H, classes, C + 1]``.
        velocity: Momentum buffer, shaped as ``params``.
    """

    def __init__(self, heads: Sequence[Head], num_classes: int, feats: Tensor, rng: torch.Generator) -> None:
        first = F.pad(torch.empty(num_classes, feats.shape[-1]).normal_(0, 0.01, generator=rng), (0, 1))
        self.params = first.to(feats.device, torch.promote_types(feats.dtype, torch.float32)).repeat(len(heads), 1, 1)
        self.velocity = torch.zeros_like(self.params)
        self.heads = heads
        # On the device from the start: sent at each step, they would make the host wait.
        self.lr, self.decay = (
            self.params.new_tensor(values)[:, None, None]
            for values in ([head.lr for head in heads], [head.weight_decay for head in heads])
        )
        self.lars = torch.tensor([head.optimizer == 'lars' for head in heads], device=feats.device)[:, None, None]

    def step(self, grad: Tensor, factor: float) -> None:
        """Take a step of each head's optimizer at ``factor`` times its learning rate; ``grad [H, classes, C + 1]``."""
        self.velocity.mul_(MOMENTUM).add_(decayed(grad, self.params, self.decay, self.lars))
        self.params -= factor * self.lr * self.velocity

    def scores(self, feats: Tensor) -> dict[str, Tensor]:
        """Return logits ``[M, classes]`` of each head, e.g. ``'sgd-lr0.1-wd0'``."""
        logits = _logits(feats, self.params).unbind(dim=1)
        return {str(head): each for head, each in zip(self.heads, logits, strict=True)}


@PROBES.register_module()
class LinearProbe(BaseProbe):
    """Linear classifier trained by SGD on fixed features, for a whole grid of settings in one pass over the data.

    The grid of iBOT and SOP that MaSSL's author uses: learning rates times batch / 256, cosine to 0 at the last step,
    momentum 0.9, weights from N(0, 0.01^2), zero bias (:class:`LinearHeads`); here on features without augmentation,
    for the protocol with it see :class:`LinearBenchmark`. Each rank trains some of the heads. The best is chosen on
    images held out of the training, then trained again on all.

    Args:
        lrs: Learning rates for a batch of 256 images.
        weight_decays: Weight decays.
        optimizers: ``'sgd'``, ``'lars'``.
        epochs: Number of epochs.
        batch_size: Images at a time; all, where there are fewer. The last batch of an epoch has the rest of the images,
            at the same learning rate, as with torch's loader in the released codes.
        val_share: Share of each class that is held out to select a head, if there are several.
        seed: Seed of weights, batches and held-out images.

    Raises:
        ValueError: An argument is out of range, features are not finite, or there are too few images to hold any out.
    """

    @checked
    def __init__(
        self,
        lrs: Positives = LRS,
        weight_decays: Annotated[Sequence[NonNegative], NonEmpty()] = (0, 1e-6),
        optimizers: Annotated[Sequence[Optimizer], NonEmpty()] = ('sgd', 'lars'),
        epochs: PositiveInt = 100,
        batch_size: PositiveInt = 1024,
        val_share: Annotated[float, Bounds(above=0, below=1)] = 0.1,
        seed: int = 0,
    ) -> None:
        self.heads = grid(lrs, weight_decays, optimizers)
        self.epochs, self.batch_size, self.val_share, self.seed = epochs, batch_size, val_share, seed

    def fit(self, feats: Tensor, labels: Tensor, val: tuple[Tensor, Tensor] | None = None) -> None:
        """Train on ``feats [N, C]`` with ``labels [N]``, and select a head by ``val`` or by some of these held out."""
        check_finite(feats[own_rows(len(feats))])
        feats, labels = move_to_device(feats), labels.to(get_device())
        every = torch.arange(len(labels))
        self.num_classes = int(labels.max()) + 1
        if len(self.heads) == 1 or val is not None:
            self.params = self._train(feats, labels, every, self.heads)
            place = 0 if val is None else self._select(*val)
            self.best = self.params[place : place + 1]
        else:
            held_out = drawn_to_select(labels, self.val_share, self.seed).cpu()
            self.params = self._train(feats, labels, every[~held_out], self.heads)
            place = self._select(feats[held_out.to(feats.device)], labels[held_out.to(labels.device)])
            self.best = self._train(feats, labels, every, self.heads[place : place + 1])
        self.selected = self.heads[place]
        warn_of_divergence(self.heads, self.params)

    def predict(self, feats: Tensor) -> Tensor:
        """Return logits ``[M, classes]`` of the selected head."""
        return _logits(feats, self.best)[:, 0]

    def parameters(self) -> dict[str, Parameters]:
        """Return optimizer, learning rate and weight decay of each head."""
        return {str(head): head._asdict() for head in self.heads}

    def scores(self, feats: Tensor) -> dict[str, Tensor]:
        """Return logits of ``'selected'``, trained again on all images, and of each head, e.g. ``'sgd-lr0.1-wd0'``."""
        heads = _logits(feats, self.params).unbind(dim=1)
        return {'selected': self.predict(feats)} | {
            str(head): each for head, each in zip(self.heads, heads, strict=True)
        }

    def _select(self, feats: Tensor, labels: Tensor) -> int:
        """Return the index of the head that is best on these; ``val_accuracy`` keeps that of all, in per cent."""
        right = torch.zeros(len(self.heads), device=self.params.device)
        for part, truth in zip(feats.split(self.batch_size), labels.split(self.batch_size), strict=True):
            right += (_logits(part, self.params).argmax(dim=2) == truth[:, None].to(right.device)).sum(dim=0)
        self.val_accuracy = {str(h): 100 * r / len(labels) for h, r in zip(self.heads, right.tolist(), strict=True)}
        best = int(right.argmax())
        print_log(
            f'linear probe: {self.heads[best]}, {100 * float(right[best]) / len(labels):.2f} % held out', 'current'
        )
        return best

    def _train(self, feats: Tensor, labels: Tensor, rows: Tensor, heads: Sequence[Head]) -> Tensor:
        """Train on some rows, some heads on each rank; return weights and bias ``[H, classes, C + 1]`` of all."""
        rng = torch.Generator().manual_seed(self.seed)
        of_this_rank = slice(get_rank(), None, get_world_size())
        trained = LinearHeads(heads[of_this_rank], self.num_classes, feats[:0].to(labels.device), rng)
        if heads[of_this_rank]:
            self._descend(trained, feats, labels, rows, rng)
        params = trained.params.new_zeros(len(heads), *trained.params.shape[1:])
        params[of_this_rank] = trained.params
        all_reduce(params)
        return params

    def _descend(self, trained: LinearHeads, feats: Tensor, labels: Tensor, rows: Tensor, rng: torch.Generator) -> None:
        size = min(self.batch_size, len(rows))
        num_steps = self.epochs * -(-len(rows) // size)
        for step, batch in enumerate(self._batches(len(rows), size, rng)):
            chosen = rows[batch]
            inputs = feats[chosen.to(feats.device)].to(trained.params)
            grad = gradient(trained.params, inputs, labels[chosen.to(labels.device)])
            trained.step(grad, size / 256 * cosine(step / num_steps))

    def _batches(self, length: int, size: int, rng: torch.Generator) -> Iterator[Tensor]:
        for _ in range(self.epochs):
            yield from torch.randperm(length, generator=rng).split(size)


def drawn_to_select(labels: Tensor, share: float, seed: int) -> Tensor:
    """Return a mask ``[N]`` of the images held out of the training to select a head; each class keeps at least one.

    Raises:
        ValueError: The share is less than one image of every class.
    """
    kept = fraction(labels, 1 - share, seed).to(labels.device)
    if len(kept) == len(labels):
        raise ValueError(
            f'val_share={share} of {len(labels)} images of {int(labels.max()) + 1} classes holds out no image to '
            'choose a head by: give a larger val_share, or one lr, weight decay and optimizer'
        )
    return torch.ones_like(labels, dtype=torch.bool).index_fill(0, kept, False)


def warn_of_divergence(heads: Sequence[Head], params: Tensor) -> None:
    """Log how many of H heads have weights ``[H, classes, C + 1]`` that are not finite."""
    lost = [
        str(head) for head, finite in zip(heads, params.isfinite().all(dim=(1, 2)).tolist(), strict=True) if not finite
    ]
    if lost:
        text = f'linear probe: {len(lost)} of {len(heads)} heads diverged, e.g. {lost[0]}: their accuracy means nothing'
        print_log(text, 'current', logging.WARNING)


def cosine(progress: float) -> float:
    """Return a factor that falls from 1 to 0 by a cosine as ``progress`` goes from 0 to 1."""
    return (1 + math.cos(math.pi * progress)) / 2


def gradient(params: Tensor, feats: Tensor, labels: Tensor) -> Tensor:
    """Return the gradient ``[H, classes, C + 1]`` of each head's mean cross-entropy by one product for all heads."""
    residual = _logits(feats, params).softmax(dim=2)
    residual -= F.one_hot(labels, params.shape[1])[:, None]
    return (residual.flatten(1).T @ _with_one(feats)).view_as(params) / len(feats)


def decayed(grad: Tensor, params: Tensor, decay: Tensor, lars: Tensor) -> Tensor:
    """Return the decayed and scaled gradient that each optimizer adds to its velocity, ``[H, classes, C + 1]``.

    Args:
        grad: Gradients ``[H, classes, C + 1]``.
        params: Weights and bias ``[H, classes, C + 1]``.
        decay: Weight decays ``[H, 1, 1]``.
        lars: Whether the optimizer is LARS, ``[H, 1, 1]``.
    """
    with_decay = grad + decay * params
    ratio = trust_ratio(params[..., :-1], with_decay[..., :-1])
    by_lars = torch.cat([ratio * with_decay[..., :-1], grad[..., -1:]], dim=2)
    return torch.where(lars, by_lars, with_decay)


def trust_ratio(weights: Tensor, grad: Tensor) -> Tensor:
    """Return 0.001 ||weights|| / ||grad|| of each head, ``[H, 1, 1]``; 1 where either is zero."""
    norms = weights.norm(dim=(1, 2), keepdim=True), grad.norm(dim=(1, 2), keepdim=True)
    return torch.where((norms[0] > 0) & (norms[1] > 0), TRUST * norms[0] / norms[1], 1)


def _logits(feats: Tensor, params: Tensor) -> Tensor:
    """Return logits ``[M, H, classes]``."""
    return (_with_one(feats.to(params)) @ params.flatten(0, 1).T).view(len(feats), *params.shape[:2])


def _with_one(feats: Tensor) -> Tensor:
    return F.pad(feats, (0, 1), value=1)
