"""Solver of multinomial logistic regression to convergence, a chunk of rows at a time."""

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.device import get_device
from mmengine.logging import print_log
from torch import Tensor

from .streaming import chunks, compute_dtype, logits, rows_at_a_time

ITERATIONS = 10  # iterations of L-BFGS between two checks of convergence
DAMPING = 0.1  # damping of the curvature, in mean variances of a dimension
SAMPLE = 8  # rows for each dimension from which the curvature is estimated


class Standardisation(NamedTuple):
    """Standardisation of features: subtract ``mean [C]`` and divide by ``std [C]``."""

    mean: Tensor
    std: Tensor

    @classmethod
    def of(cls, feats: Tensor) -> 'Standardisation':
        """Compute the statistics of ``feats [N, C]``, summed in float64; constant dimensions are not divided.

        A dimension counts as constant if it deviates by no more than the rounding of its mean.
        """
        width = feats.shape[1]
        mean, variance = (torch.zeros(width, dtype=torch.double, device=get_device()) for _ in range(2))
        for part in chunks(feats, width):
            mean += part.double().sum(dim=0)
        mean /= len(feats)
        for part in chunks(feats, width):
            variance += (part.double() - mean).square().sum(dim=0)
        std = (variance / len(feats)).sqrt()
        constant = std <= torch.finfo(feats.dtype).eps * mean.abs()
        return cls(mean.to(compute_dtype(feats)), std.masked_fill(constant, 1).to(compute_dtype(feats)))

    def __call__(self, feats: Tensor) -> Tensor:
        """Return features ``[M, C]``, standardised."""
        return (feats.to(self.mean.dtype) - self.mean).div_(self.std)


class Objective:
    """Mean cross-entropy + penalty / 2 ||W||^2 and its gradient, from float32 logits that never exist whole.

    Args:
        feats: Features ``[N, C]``.
        labels: Classes ``[N]``, on the device.
        scale: Standardisation of the features.
        penalty: lambda.
    """

    def __init__(self, feats: Tensor, labels: Tensor, scale: Standardisation, penalty: float) -> None:
        self.feats, self.labels, self.scale, self.penalty = feats, labels, scale, penalty

    def __call__(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """Return value and gradient ``[classes, C + 1]`` in float64 at ``params [classes, C + 1]``, the bias last."""
        weights = params[:, :-1]
        value, grad = params.new_zeros(()), torch.zeros_like(params)
        narrow = params.to(compute_dtype(self.feats))
        for feats, labels in self._chunks(len(params)):
            self._add(value, grad, self.scale(feats), labels, narrow)
        value /= len(self.feats)
        grad /= len(self.feats)
        value += self.penalty / 2 * weights.square().sum()
        grad[:, :-1] += self.penalty * weights
        return value, grad

    def _chunks(self, num_classes: int) -> Iterator[tuple[Tensor, Tensor]]:
        labels = self.labels.split(rows_at_a_time(num_classes))
        return zip(chunks(self.feats, num_classes), labels, strict=True)

    @staticmethod
    def _add(value: Tensor, grad: Tensor, feats: Tensor, labels: Tensor, params: Tensor) -> None:
        """Add the cross-entropy of a chunk of standardised features, summed over its rows, and its gradient."""
        column = labels[:, None]
        margin = logits(feats, params)
        margin -= margin.gather(1, column)
        others = margin.scatter_(1, column, -torch.inf).logsumexp(dim=1, keepdim=True)
        loss = F.softplus(others)  # accurate relative to its size also if it is small, as the line search needs
        value += loss.sum(dtype=torch.double)
        residual = margin.sub_(loss).exp_().scatter_(1, column, -others.sigmoid())
        grad[:, :-1] += residual.T @ feats
        grad[:, -1] += residual.sum(dim=0)


class Whitened:
    """Objective as a function of ``params @ root``, with a more even curvature in all directions.

    Args:
        objective: Objective of ``params [classes, C + 1]``.
        inverse: Inverse of the root ``[C + 1, C + 1]``.
    """

    def __init__(self, objective: Objective, inverse: Tensor) -> None:
        self.objective, self.inverse = objective, inverse

    def params(self, whitened: Tensor) -> Tensor:
        """Return the parameters at a point ``[classes, C + 1]``."""
        return whitened @ self.inverse

    def __call__(self, whitened: Tensor) -> tuple[Tensor, Tensor]:
        """Return value and gradient at a point ``[classes, C + 1]``."""
        value, grad = self.objective(self.params(whitened))
        return value, grad @ self.inverse.T


def curvature_root(feats: Tensor, scale: Standardisation, penalty: float, num_classes: int) -> Tensor:
    """Return the Cholesky factor ``[C + 1, C + 1]`` of the objective's damped curvature for one class.

    At zero, where all probabilities are 1 / classes, the Hessian's diagonal block is (1 - 1 / classes) / classes times
    the second moments of the features with a one, plus lambda. Further on it falls off most where features tell classes
    apart; DAMPING limits how far directions of little variance are stretched. The moments are those of a sample, which
    changes the path to the minimum but not the minimum.
    """
    width = feats.shape[1] + 1
    moments = torch.zeros(width, width, dtype=torch.double, device=get_device())
    sample = feats[:: max(len(feats) // (SAMPLE * width), 1)]
    for part in chunks(sample, width):
        with_one = F.pad(scale(part), (0, 1), value=1)
        moments += with_one.T @ with_one
    curvature = moments / moments[-1, -1] * (1 - 1 / num_classes) / num_classes  # the last moment is the number of rows
    curvature.diagonal().add_(DAMPING * (1 - 1 / num_classes) / num_classes + penalty)
    root: Tensor = torch.linalg.cholesky(curvature)
    return root


def minimised(
    objective: Callable[[Tensor], tuple[Tensor, Tensor]], start: Tensor, tolerance: float, max_iterations: int
) -> Tensor:
    """Minimise a smooth convex function by L-BFGS from ``start``; warn if the minimum was not reached.

    Args:
        objective: Function that returns value and gradient.
        start: First point.
        tolerance: Stop when 10 iterations lowered the value by less than this share of it.
        max_iterations: Largest number of iterations, rounded up to ten.
    """
    params = start.clone().requires_grad_()
    solver = torch.optim.LBFGS(
        [params], 1, ITERATIONS, 25 * ITERATIONS, tolerance_grad=0, history_size=10, line_search_fn='strong_wolfe'
    )
    last = Last(objective)

    def closure() -> Tensor:
        value, params.grad = last(params.detach())
        return value

    before = float(closure())
    for _ in range(0, max_iterations, ITERATIONS):
        solver.param_groups[0]['tolerance_change'] = tolerance * before  # also for the promised decrease
        solver.step(closure)
        value = float(closure())
        if before - value < tolerance * value:
            return params.detach()
        before = value
    print_log(
        f'logistic regression: after {max_iterations} iterations still above {tolerance=}', 'current', logging.WARNING
    )
    return params.detach()


class Last:
    """Cache of a function at its last point, because L-BFGS starts its next ten iterations where it stopped."""

    def __init__(self, function: Callable[[Tensor], tuple[Tensor, Tensor]]) -> None:
        self.function = function
        self.at: Tensor | None = None

    def __call__(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """Return value and gradient."""
        if self.at is None or not torch.equal(params, self.at):
            self.at, self.result = params.clone(), self.function(params)
        return self.result[0], self.result[1].clone()
