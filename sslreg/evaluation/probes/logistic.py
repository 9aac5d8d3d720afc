"""Multinomial logistic regression to convergence, a chunk of rows at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.device import get_device
from mmengine.dist import all_reduce
from mmengine.logging import print_log
from torch import Tensor

from sslreg.registry import PROBES
from sslreg.utils.dist import move_to_device, own_rows

from .base import BaseProbe

CHUNK_BYTES = 2 * 2**20  # of logits at a time on the CPU
CHUNK_BYTES_CUDA = 512 * 2**20
ITERATIONS = 10  # of L-BFGS between two looks at how far the objective fell
DAMPING = 0.1  # of curvature, in mean variances of a dimension
SAMPLE = 8  # rows for each dimension from which the curvature is estimated


@PROBES.register_module()
class LogisticProbe(BaseProbe):
    """Multinomial logistic regression on standardised features, for several strengths of the penalty.

    Each dimension is standardised by the mean and standard deviation of the training features; one that is constant
    there has no say. The objective is convex: mean cross-entropy + lambda / 2 ||W||^2, without the bias; scikit-learn's
    ``LogisticRegression`` has it times 1 / lambda, with ``C = 1 / (lambda N)``. lambda = 1e-5 and the standardisation
    are the protocol of SOP, by an author of MaSSL. Minimised by L-BFGS with strong Wolfe line search, preconditioned by
    the features' second moments, from zero for the largest lambda, and from the previous minimum for the others. Beside
    the features it needs some matrices of the size of W and a chunk of logits.

    Every rank computes the whole. With lambda = 1e-5 the minimum is so flat that sums in another order, by ranks or by
    threads, end elsewhere in it and give single images another class; a share of the rows for each rank would do that.

    Args:
        lambdas: Strengths of the penalty.
        selected: The one that :meth:`predict` uses, by default the first of ``lambdas``.
        tolerance: Stop when 10 iterations lowered the objective by less than this share of it.
        max_iterations: Stop there in any case, with a warning.

    Raises:
        ValueError: A number is not positive, the labels are of fewer than 2 classes, or features are not finite.
    """

    def __init__(
        self,
        lambdas: Sequence[float] = (1e-5,),
        selected: float | None = None,
        tolerance: float = 3e-8,
        max_iterations: int = 1000,
    ) -> None:
        if not lambdas or min(*lambdas, tolerance, max_iterations) <= 0:
            raise ValueError(f'lambdas={list(lambdas)}, {tolerance=} and {max_iterations=} must be positive')
        if selected is not None and selected not in lambdas:
            raise ValueError(f'selected={selected} must be one of lambdas={list(lambdas)}')
        self.lambdas = sorted(set(lambdas), reverse=True)
        self.selected = lambdas[0] if selected is None else selected
        self.tolerance = tolerance
        self.max_iterations = max_iterations

    def fit(self, feats: Tensor, labels: Tensor) -> None:
        if len(labels.unique()) < 2:
            raise ValueError(f'{len(labels)} images of one class: logistic regression needs at least 2 classes')
        check_finite(feats[own_rows(len(feats))])
        feats, labels = move_to_device(feats), labels.to(get_device())
        self.scale = Standardisation.of(feats)
        shape = int(labels.max()) + 1, feats.shape[1] + 1
        params = torch.zeros(shape, dtype=torch.double, device=get_device())
        self.params: dict[float, Tensor] = {}
        for penalty in self.lambdas:
            objective = Objective(feats, labels, self.scale, penalty)
            root = curvature_root(feats, self.scale, penalty, len(params))
            whitened = Whitened(objective, torch.linalg.inv(root))
            params = whitened.params(minimised(whitened, params @ root, self.tolerance, self.max_iterations))
            self.params[penalty] = params.to(computed(feats))

    def predict(self, feats: Tensor) -> Tensor:
        return self._logits(feats, self.selected)

    def scores(self, feats: Tensor) -> dict[str, Tensor]:
        """Logits ``[M, classes]`` under the names ``'lambda1e-05'``, ..."""
        return {f'lambda{penalty:g}': self._logits(feats, penalty) for penalty in self.lambdas}

    def _logits(self, feats: Tensor, penalty: float) -> Tensor:
        params = self.params[penalty]
        return torch.cat([logits(self.scale(part), params) for part in chunks(feats, len(params))])


class Standardisation(NamedTuple):
    """Subtracts ``mean [C]`` and divides by ``std [C]``."""

    mean: Tensor
    std: Tensor

    @classmethod
    def of(cls, feats: Tensor) -> 'Standardisation':
        """By the statistics of ``feats [N, C]``, summed in float64; what is constant is left undivided.

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
        return cls(mean.to(computed(feats)), std.masked_fill(constant, 1).to(computed(feats)))

    def __call__(self, feats: Tensor) -> Tensor:
        return (feats.to(self.mean.dtype) - self.mean).div_(self.std)


class Objective:
    """Mean cross-entropy + penalty / 2 ||W||^2 and its gradient, from float32 logits that never exist whole.

    Args:
        feats: ``[N, C]``.
        labels: ``[N]``, on the device.
        scale: Of the features.
        penalty: lambda.
    """

    def __init__(self, feats: Tensor, labels: Tensor, scale: Standardisation, penalty: float) -> None:
        self.feats, self.labels, self.scale, self.penalty = feats, labels, scale, penalty

    def __call__(self, params: Tensor) -> tuple[Tensor, Tensor]:
        """Value ``[]`` and gradient ``[classes, C + 1]`` in float64 at ``params [classes, C + 1]``, the bias last."""
        weights = params[:, :-1]
        value, grad = params.new_zeros(()), torch.zeros_like(params)
        narrow = params.to(computed(self.feats))
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
        own = labels[:, None]
        margin = logits(feats, params)
        margin -= margin.gather(1, own)
        others = margin.scatter_(1, own, -torch.inf).logsumexp(dim=1, keepdim=True)
        loss = F.softplus(others)  # of relative accuracy also where it is small, which the line search needs
        value += loss.sum(dtype=torch.double)
        residual = margin.sub_(loss).exp_().scatter_(1, own, -others.sigmoid())
        grad[:, :-1] += residual.T @ feats
        grad[:, -1] += residual.sum(dim=0)


class Whitened:
    """An objective of ``params @ root``, whose curvature is more alike in all directions.

    Args:
        objective: Of ``params [classes, C + 1]``.
        inverse: Of the root ``[C + 1, C + 1]``.
    """

    def __init__(self, objective: Objective, inverse: Tensor) -> None:
        self.objective, self.inverse = objective, inverse

    def params(self, whitened: Tensor) -> Tensor:
        return whitened @ self.inverse

    def __call__(self, whitened: Tensor) -> tuple[Tensor, Tensor]:
        value, grad = self.objective(self.params(whitened))
        return value, grad @ self.inverse.T


def curvature_root(feats: Tensor, scale: Standardisation, penalty: float, num_classes: int) -> Tensor:
    """Cholesky factor ``[C + 1, C + 1]`` of the objective's curvature along the parameters of one class, damped.

    At zero, where all probabilities are 1 / classes, the Hessian's diagonal block is (1 - 1 / classes) / classes times
    the second moments of the features with a one, plus lambda. Further on it falls off most where features tell classes
    apart; DAMPING keeps directions of little variance from being stretched beyond what still holds there. The moments
    are of a sample, which changes the way to the minimum and not the minimum.
    """
    width = feats.shape[1] + 1
    moments = torch.zeros(width, width, dtype=torch.double, device=get_device())
    sample = feats[:: max(len(feats) // (SAMPLE * width), 1)]
    for part in chunks(sample, width):
        with_one = F.pad(scale(part), (0, 1), value=1)
        moments += with_one.T @ with_one
    curvature = moments / moments[-1, -1] * (1 - 1 / num_classes) / num_classes  # the last is the number of rows
    curvature.diagonal().add_(DAMPING * (1 - 1 / num_classes) / num_classes + penalty)
    root: Tensor = torch.linalg.cholesky(curvature)
    return root


def minimised(
    objective: Callable[[Tensor], tuple[Tensor, Tensor]], start: Tensor, tolerance: float, max_iterations: int
) -> Tensor:
    """Minimum of a smooth convex function, by L-BFGS from ``start``; warns if it was not reached.

    Args:
        objective: Gives value and gradient.
        start: Where to start.
        tolerance: Stop when 10 iterations lowered the value by less than this share of it.
        max_iterations: At most so many, up to the next ten.
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
        solver.param_groups[0]['tolerance_change'] = tolerance * before  # also of the fall that an iteration promises
        solver.step(closure)
        value = float(closure())
        if before - value < tolerance * value:
            return params.detach()
        before = value
    print_log(f'logistic regression: after {max_iterations} iterations still above {tolerance=}', 'current', 30)
    return params.detach()


class Last:
    """Remembers a function's value where it was last computed: L-BFGS starts each ten iterations where it stopped."""

    def __init__(self, function: Callable[[Tensor], tuple[Tensor, Tensor]]) -> None:
        self.function = function
        self.at: Tensor | None = None

    def __call__(self, params: Tensor) -> tuple[Tensor, Tensor]:
        if self.at is None or not torch.equal(params, self.at):
            self.at, self.result = params.clone(), self.function(params)
        return self.result[0], self.result[1].clone()


def logits(feats: Tensor, params: Tensor) -> Tensor:
    """``[M, classes]`` of ``feats [M, C]`` by ``params [classes, C + 1]``, the bias last."""
    return torch.addmm(params[:, -1], feats, params[:, :-1].T)


def computed(feats: Tensor) -> torch.dtype:
    """Float32, or float64 for features in float64."""
    return torch.promote_types(feats.dtype, torch.float32)


def chunks(feats: Tensor, columns: int) -> Iterator[Tensor]:
    """``feats [N, C]`` on the device, so many rows at a time that a float32 matrix of ``columns`` is small."""
    return (part.to(get_device()) for part in feats.split(rows_at_a_time(columns)))


def rows_at_a_time(columns: int) -> int:
    budget = CHUNK_BYTES_CUDA if get_device() == 'cuda' else CHUNK_BYTES
    return max(budget // (4 * columns), 1)


def check_finite(feats: Tensor) -> None:
    """Of all ranks' ``feats [N, C]``."""
    counts = torch.zeros(2, dtype=torch.long, device=get_device())
    for part in chunks(feats, feats.shape[1]):
        counts += torch.stack([(~part.isfinite().all(dim=1)).sum(), counts.new_tensor(len(part))])
    all_reduce(counts)
    bad, length = counts.tolist()
    if bad:
        raise ValueError(f'{bad} of {length} images have features that are not finite: did the training diverge?')
