import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sslreg.evaluation import LogisticProbe
from sslreg.evaluation.probes import solver, streaming
from sslreg.registry import PROBES


def made_up(num_images, width, num_classes):
    """Overlapping classes in dimensions of unlike spread, far from zero."""
    rng = torch.Generator().manual_seed(num_classes)
    labels = torch.arange(num_images) % num_classes
    feats = torch.randn(num_classes, width, generator=rng)[labels] + torch.randn(num_images, width, generator=rng)
    return feats * torch.logspace(-2, 1, width) + 5, labels


def digits(num_images=900):
    """Real images of 64 pixels, some of which never change."""
    feats, labels = load_digits(return_X_y=True)
    return torch.from_numpy(feats).float()[:num_images], torch.from_numpy(labels)[:num_images].long()


def sklearns(feats, labels, penalty):
    """scikit-learn's scaler and model in float64."""
    scaler = StandardScaler().fit(feats.double().numpy())
    model = LogisticRegression(C=1 / (penalty * len(feats)), tol=1e-9, max_iter=10_000)
    return scaler, model.fit(scaler.transform(feats.double().numpy()), labels.numpy())


def objective(feats, labels, penalty, scaler, params):
    """Return the objective by its definition, in float64."""
    weights, bias = params.double()[:, :-1], params.double()[:, -1]
    scaled = torch.from_numpy(scaler.transform(feats.double().numpy()))
    cross_entropy = torch.nn.functional.cross_entropy(scaled @ weights.T + bias, labels)
    return float(cross_entropy + penalty / 2 * (weights**2).sum())


PROBLEMS = [(made_up(300, 8, 3), 1e-2), (made_up(600, 20, 10), 1e-3), (made_up(1000, 24, 100), 1e-3), (digits(), 1e-3)]


@pytest.mark.parametrize('problem, penalty', PROBLEMS, ids=['3', '10', '100', 'digits'])
def test_minimum_is_that_of_sklearn(problem, penalty):
    feats, labels = problem
    scaler, model = sklearns(feats, labels, penalty)
    theirs = torch.cat([torch.from_numpy(model.coef_), torch.from_numpy(model.intercept_)[:, None]], dim=1)
    probe = LogisticProbe((penalty,))
    probe.fit(feats, labels)
    best = objective(feats, labels, penalty, scaler, theirs)
    assert objective(feats, labels, penalty, scaler, probe.params[penalty]) == pytest.approx(best, rel=1e-6)


def test_minimum_for_two_classes_is_that_of_sklearn_with_twice_the_c():
    """scikit-learn has one vector of weights for two classes, the difference of the two here."""
    feats, labels = made_up(300, 8, 2)
    scaler = StandardScaler().fit(feats.double().numpy())
    model = LogisticRegression(C=2 / (1e-2 * len(feats)), tol=1e-10, max_iter=10_000)
    model.fit(scaler.transform(feats.double().numpy()), labels.numpy())
    probe = LogisticProbe((1e-2,), tolerance=1e-12)
    probe.fit(feats.double(), labels)
    first, second = probe.params[1e-2]
    theirs = torch.cat([torch.from_numpy(model.coef_[0]), torch.from_numpy(model.intercept_)])
    torch.testing.assert_close(second - first, theirs, rtol=1e-4, atol=1e-5)


def test_held_out_predictions_are_those_of_sklearn():
    feats, labels = digits(1700)
    scaler, model = sklearns(feats[:900], labels[:900], 1e-3)
    probe = LogisticProbe((1e-3,))
    probe.fit(feats[:900], labels[:900])
    predicted = probe.predict(feats[900:]).argmax(dim=1)
    assert predicted.tolist() == model.predict(scaler.transform(feats[900:].double().numpy())).tolist()
    assert (predicted == labels[900:]).float().mean() > 0.9


@pytest.mark.parametrize('chunk_bytes', [1, 4 * 10 * 37])
def test_chunks_change_only_the_rounding(monkeypatch, chunk_bytes):
    feats, labels = made_up(200, 8, 10)
    probe = LogisticProbe((1e-2,))
    probe.fit(feats.double(), labels)
    expected = probe.predict(feats.double())
    monkeypatch.setattr(streaming, 'CHUNK_BYTES', chunk_bytes)
    probe.fit(feats.double(), labels)
    torch.testing.assert_close(probe.predict(feats.double()), expected, rtol=1e-9, atol=1e-9)


def test_gradient_is_that_of_autograd():
    feats, labels = made_up(50, 4, 3)
    scale = solver.Standardisation.of(feats.double())
    of = solver.Objective(feats.double(), labels, scale, 0.1)
    params = torch.randn(3, 5, dtype=torch.double, requires_grad=True)
    cross_entropy = torch.nn.functional.cross_entropy(streaming.logits(scale(feats.double()), params), labels)
    plain = cross_entropy + 0.05 * (params[:, :-1] ** 2).sum()
    plain.backward()
    value, grad = of(params.detach())
    torch.testing.assert_close(value, plain.detach())
    torch.testing.assert_close(grad, params.grad)


def test_the_root_is_of_the_curvature_at_zero(monkeypatch):
    monkeypatch.setattr(solver, 'DAMPING', 0)
    feats, labels = made_up(30, 3, 4)
    scale = solver.Standardisation.of(feats.double())
    scaled = scale(feats.double())

    def plain(one_class):
        params = torch.cat([one_class[None], one_class.new_zeros(3, 4)])
        cross_entropy = torch.nn.functional.cross_entropy(streaming.logits(scaled, params), labels)
        return cross_entropy + 0.05 * (one_class**2).sum()

    root = solver.curvature_root(feats.double(), scale, 0.1, 4)
    expected = torch.autograd.functional.hessian(plain, torch.zeros(4, dtype=torch.double))
    torch.testing.assert_close(root @ root.T, expected, rtol=1e-6, atol=1e-9)


def test_correlated_features_take_few_evaluations(monkeypatch):
    calls = []
    evaluate = solver.Objective.__call__
    monkeypatch.setattr(solver.Objective, '__call__', lambda self, params: calls.append(0) or evaluate(self, params))
    feats, labels = made_up(600, 20, 10)
    common = torch.randn(600, 1)  # most of the variance of every dimension; without preconditioning 118 evaluations
    LogisticProbe((1e-3,)).fit((feats - 5) / torch.logspace(-2, 1, 20) * 0.1 + common, labels)
    assert len(calls) < 40


def test_a_warm_start_ends_where_a_cold_one_does():
    feats, labels = made_up(300, 8, 5)
    sweep = LogisticProbe((1e-3, 1e-1, 1e-2), tolerance=1e-12)
    sweep.fit(feats.double(), labels)
    scores = sweep.scores(feats.double())
    assert list(scores) == ['lambda0.1', 'lambda0.01', 'lambda0.001']
    for penalty in sweep.lambdas:
        single = LogisticProbe((penalty,), tolerance=1e-12)
        single.fit(feats.double(), labels)
        torch.testing.assert_close(scores[f'lambda{penalty:g}'], single.predict(feats.double()), rtol=1e-4, atol=1e-4)


def test_predict_uses_the_first_or_the_selected():
    feats, labels = made_up(60, 4, 3)
    for probe in (LogisticProbe((1e-2, 1e-1)), LogisticProbe((1e-1, 1e-2), selected=1e-2)):
        probe.fit(feats, labels)
        torch.testing.assert_close(probe.predict(feats), probe.scores(feats)['lambda0.01'])


def test_a_dimension_that_is_constant_in_training_has_no_say():
    feats, labels = made_up(60, 4, 3)
    with_constant = torch.cat([feats, torch.full((60, 1), 0.1)], dim=1)
    probe, plain = LogisticProbe((1e-2,)), LogisticProbe((1e-2,))
    probe.fit(with_constant, labels)
    plain.fit(feats, labels)
    elsewhere = torch.cat([feats, torch.randn(60, 1) * 1e6], dim=1)
    torch.testing.assert_close(probe.predict(elsewhere), plain.predict(feats), rtol=1e-3, atol=1e-3)


def test_half_precision_features_are_computed_in_float32():
    feats, labels = made_up(60, 4, 3)
    probe = PROBES.build(dict(type='LogisticProbe', lambdas=(1e-2,)))
    probe.fit(feats.half(), labels)
    assert probe.predict(feats.half()).dtype == torch.float32


def test_warns_where_the_minimum_was_not_reached(monkeypatch):
    said = []
    monkeypatch.setattr(solver, 'print_log', lambda message, *_: said.append(message))
    LogisticProbe((1e-5,), max_iterations=10).fit(*made_up(300, 8, 5))
    assert said == ['logistic regression: after 10 iterations still above tolerance=3e-08']


def test_rejects_one_class():
    with pytest.raises(ValueError, match='5 images of one class: logistic regression needs at least 2 classes'):
        LogisticProbe().fit(torch.randn(5, 2), torch.ones(5, dtype=torch.long))


@pytest.mark.parametrize('bad', [torch.nan, torch.inf])
def test_rejects_features_that_are_not_finite(bad):
    feats, labels = made_up(60, 4, 3)
    feats[[3, 3, 5], [0, 1, 2]] = bad
    with pytest.raises(ValueError, match='2 of 60 images have features that are not finite'):
        LogisticProbe().fit(feats, labels)


@pytest.mark.parametrize('arguments', [dict(lambdas=()), dict(lambdas=(1e-5, 0)), dict(tolerance=0), dict(selected=1)])
def test_rejects_what_cannot_be(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        LogisticProbe(**arguments)
