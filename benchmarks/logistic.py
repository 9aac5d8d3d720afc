"""Logistic regression to a relative gap of 1e-6: full-batch L-BFGS in chunks of rows against scikit-learn's lbfgs.

    python -m benchmarks.logistic [--quick] [--json FILE]

Both minimise the same objective on the same standardised features: 50,000 made-up features of width 384. scikit-learn
runs with the first entry of WAYS (precision, tolerance) that reaches the gap; its line search may stall on float32
features. The gaps in the table are of objectives in float64.
"""

import warnings
from functools import partial

import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits
from torch import Tensor

from benchmarks.measure import arguments, compare, report
from sslreg.evaluation.probes import LogisticProbe
from sslreg.evaluation.probes.solver import Objective, Standardisation

WIDTH, GAP = 384, 1e-6
SINGLE, DOUBLE = torch.float32, torch.float64
WAYS = [(SINGLE, 1e-5), (SINGLE, 1e-6), (SINGLE, 1e-7), (DOUBLE, 1e-6), (DOUBLE, 1e-7), (DOUBLE, 1e-8)]
SIZES = dict(quick=5_000, full=50_000)
PROBLEMS = [(100, 1e-4), (100, 1e-5)]  # classes, lambda


def features(length: int, num_classes: int) -> tuple[Tensor, Tensor]:
    """Return features of overlapping classes, with mixed dimensions of decaying spread like those of a network."""
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(length) % num_classes
    centres = torch.randn(num_classes, WIDTH, generator=rng)
    spread = torch.arange(1, WIDTH + 1) ** -0.5
    mixed = torch.randn(WIDTH, WIDTH, generator=rng)
    noise = torch.randn(length, WIDTH, generator=rng)
    return ((0.4 * centres[labels] + noise) * spread) @ mixed, labels


def ours(feats: Tensor, labels: Tensor, penalty: float) -> Tensor:
    """Return SSLReg's parameters ``[classes, C + 1]``."""
    probe = LogisticProbe((penalty,))
    probe.fit(feats, labels)
    return probe.params[penalty]


def baseline(feats: Tensor, labels: Tensor, penalty: float, way: tuple[torch.dtype, float]) -> Tensor:
    """Return scikit-learn's parameters ``[classes, C + 1]``."""
    model = LogisticRegression(C=1 / (penalty * len(feats)), tol=way[1], max_iter=10_000)
    model.fit(Standardisation.of(feats)(feats).to(way[0]).numpy(), labels.numpy())
    return torch.cat([torch.from_numpy(model.coef_), torch.from_numpy(model.intercept_)[:, None]], dim=1)


def main() -> None:
    """Run the benchmark and print its table."""
    args = arguments(__doc__.split('\n')[0])
    threadpool_limits(args.threads)  # scikit-learn's as torch's
    warnings.simplefilter('error', ConvergenceWarning)
    length = SIZES['quick' if args.quick else 'full']
    rows = []
    for num_classes, penalty in PROBLEMS:
        problem = (*features(length, num_classes), penalty)
        best = _value(minimum(*problem), *problem)
        way, baseline_gap = _first(problem, best)
        gap = _value(ours(*problem), *problem) / best - 1
        precision = str(way[0]).removeprefix('torch.')
        name = f'{num_classes}, {penalty:g}, {gap:.0e}, {baseline_gap:.0e} ({precision}, {way[1]:g})'
        rows.append(compare(name, partial(baseline, *problem, way), partial(ours, *problem), args.rounds))
    report(f'{length:,} features of width {WIDTH}: classes, lambda, our gap, baseline gap (way)', rows, args.json)


def minimum(feats: Tensor, labels: Tensor, penalty: float) -> Tensor:
    """Return the parameters of a minimum in float64, whose own gap is negligible."""
    probe = LogisticProbe((penalty,), tolerance=1e-10)
    probe.fit(feats.double(), labels)
    return probe.params[penalty]


def _first(problem: tuple[Tensor, Tensor, float], best: float) -> tuple[tuple[torch.dtype, float], float]:
    """Return the baseline's first way that reaches the gap, and its gap."""
    for way in WAYS:
        gap = _value(baseline(*problem, way), *problem) / best - 1
        if gap <= GAP:
            return way, gap
    raise RuntimeError(f'scikit-learn comes no nearer than {gap:.1e} to {best}')


def _value(params: Tensor, feats: Tensor, labels: Tensor, penalty: float) -> float:
    """Return the objective in float64."""
    scale = Standardisation.of(feats.double())
    return float(Objective(feats.double(), labels, scale, penalty)(params.double())[0])


if __name__ == '__main__':
    main()
