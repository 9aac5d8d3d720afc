"""Probe by multinomial logistic regression."""

import torch
from mmengine.device import get_device
from torch import Tensor

from sslreg.arguments import Positive, PositiveInt, Positives, checked
from sslreg.evaluation.metric import Parameters
from sslreg.registry import PROBES
from sslreg.utils.dist import move_to_device, own_rows

from .base import BaseProbe
from .solver import Objective, Standardisation, Whitened, curvature_root, minimised
from .streaming import check_finite, chunks, compute_dtype, logits


@PROBES.register_module()
class LogisticProbe(BaseProbe):
    """Multinomial logistic regression on standardised features, for several strengths of the penalty.

    Each dimension is standardised by the mean and standard deviation of the training features; constant dimensions
    have no effect. The objective is convex: mean cross-entropy + lambda / 2 ||W||^2, without the bias; scikit-learn's
    ``LogisticRegression`` has it times 1 / lambda, with ``C = 1 / (lambda N)``. For two classes scikit-learn has one
    vector of weights, the difference of the two here, so there ``C = 2 / (lambda N)``.

    lambda = 1e-5 and the standardisation are the protocol of SOP, by an author of MaSSL. SOP's solver stops early, at
    5.6 % above the minimum; here the minimum is reached, where accuracies may differ from SOP's.

    L-BFGS with strong Wolfe line search, preconditioned by the second moments of the features, starts from zero for the
    largest lambda and from the previous minimum for the others. Beside the features it needs some matrices of the size
    of W and a chunk of logits.

    Every rank computes everything. With lambda = 1e-5 the minimum is so flat that sums in another order, by ranks or by
    threads, end at another point of it and change the class of single images; therefore ranks do not share the rows.

    Args:
        lambdas: Strengths of the penalty.
        selected: Strength that :meth:`predict` uses, by default the first of ``lambdas``.
        tolerance: Stop when 10 iterations lowered the objective by less than this share of it.
        max_iterations: Largest number of iterations; reaching it logs a warning.

    Raises:
        ValueError: A number is not positive, there are fewer than 2 classes, or features are not finite.
    """

    @checked
    def __init__(
        self,
        lambdas: Positives = (1e-5,),
        selected: Positive | None = None,
        tolerance: Positive = 3e-8,
        max_iterations: PositiveInt = 1000,
    ) -> None:
        if selected is not None and selected not in lambdas:
            raise ValueError(f'selected={selected} must be one of lambdas={list(lambdas)}')
        self.lambdas = sorted(set(lambdas), reverse=True)
        self.selected = lambdas[0] if selected is None else selected
        self.tolerance = tolerance
        self.max_iterations = max_iterations

    def fit(self, feats: Tensor, labels: Tensor) -> None:
        """Minimise the objective of each lambda on ``feats [N, C]`` with ``labels [N]``."""
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
            self.params[penalty] = params.to(compute_dtype(feats))

    def predict(self, feats: Tensor) -> Tensor:
        """Return logits ``[M, classes]`` of the selected lambda."""
        return self._logits(feats, self.selected)

    def scores(self, feats: Tensor) -> dict[str, Tensor]:
        """Return logits ``[M, classes]`` under the names ``'lambda1e-05'``, ..."""
        return {f'lambda{penalty:g}': self._logits(feats, penalty) for penalty in self.lambdas}

    def parameters(self) -> dict[str, Parameters]:
        """Return ``{'lambda1e-05': {'lambda': 1e-5}, ...}``."""
        return {f'lambda{penalty:g}': {'lambda': penalty} for penalty in self.lambdas}

    def _logits(self, feats: Tensor, penalty: float) -> Tensor:
        params = self.params[penalty]
        return torch.cat([logits(self.scale(part), params) for part in chunks(feats, len(params))])
