import pytest
import torch

from sslreg.models import ReleasedSqrtKLLoss, SqrtKLLoss
from tests.reference.npid import sqrt_kl

LOGITS = torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64).log()
VALUES = dict(p_u=0.06915772, u_p=0.07562328)
GRADS = {
    ('p_u', True): (0.15580026, -0.08076194, -0.07503833),
    ('p_u', False): (0.06723995, -0.04101654, -0.02622341),
    ('u_p', True): (0.17712062, -0.07949079, -0.09762983),
}


def plain_grad(loss: SqrtKLLoss, logits: torch.Tensor) -> torch.Tensor:
    logits = logits.clone().requires_grad_()
    loss(logits).backward()
    return logits.grad


def streamed(loss: SqrtKLLoss, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    sums = torch.stack(loss.sums(logits.clone()))
    return loss.value(sums), loss.grad(logits.clone(), sums)


@pytest.mark.parametrize('direction', ['p_u', 'u_p'])
def test_golden_values(direction):
    loss = SqrtKLLoss(1.0, direction=direction)
    assert loss(LOGITS).item() == pytest.approx(VALUES[direction], abs=1e-8)
    assert streamed(loss, LOGITS)[0].item() == pytest.approx(VALUES[direction], abs=1e-8)


@pytest.mark.parametrize(('case', 'golden'), GRADS.items())
def test_golden_gradients(case, golden):
    loss = SqrtKLLoss(1.0, direction=case[0], detach=case[1])
    for grad in (plain_grad(loss, LOGITS), streamed(loss, LOGITS)[1]):
        torch.testing.assert_close(grad[0], torch.tensor(golden, dtype=torch.float64), atol=1e-8, rtol=0)


@pytest.mark.parametrize(
    ('split', 'l1', 'l2'), [('entropy', -0.80181855, 0.87097627), ('renyi', -0.40090928, 0.47006699)]
)
def test_golden_splits(split, l1, l2):
    loss = SqrtKLLoss(split=split)
    parts = loss.parts(torch.stack(loss.sums(LOGITS)))
    assert parts['l1'].item() == pytest.approx(l1, abs=1e-8)
    assert parts['l2'].item() == pytest.approx(l2, abs=1e-8)


@pytest.mark.parametrize('direction', ['p_u', 'u_p'])
@pytest.mark.parametrize('detach', [True, False])
@pytest.mark.parametrize('shift', [0.0, -7.0])
def test_value_and_gradient_are_those_of_the_plain_form(direction, detach, shift):
    logits = torch.randn(5, 11, dtype=torch.float64, requires_grad=True)
    plain = sqrt_kl(logits, direction, detach)
    (expected,) = torch.autograd.grad(plain.sum(), logits)
    loss = SqrtKLLoss(1.0, direction=direction, detach=detach)
    value, grad = streamed(loss, logits.detach() + shift)  # whoever streams may shift the logits of an image
    torch.testing.assert_close(value, plain.detach(), atol=1e-13, rtol=0)
    torch.testing.assert_close(grad, expected, atol=1e-13, rtol=0)
    torch.testing.assert_close(loss(logits), plain.mean(), atol=1e-13, rtol=0)


@pytest.mark.parametrize('split', ['entropy', 'renyi'])
@pytest.mark.parametrize('detach', [True, False])
@pytest.mark.parametrize('weights', [(1.0, 0.0), (0.0, 1.0), (0.3, 2.0)])
def test_weighted_parts_have_the_gradient_of_the_plain_form(split, detach, weights):
    logits = torch.randn(3, 7, dtype=torch.float64)
    loss = SqrtKLLoss(1.0, split=split, detach=detach, l1_weight=weights[0], l2_weight=weights[1])
    value, grad = streamed(loss, logits)
    torch.testing.assert_close(value.mean(), loss(logits), atol=1e-13, rtol=0)
    if split == 'renyi' and detach and weights[0] == 0:
        assert grad.abs().max() == 0  # nothing of L2 is left that is not in the detached root
        return
    torch.testing.assert_close(grad / 3, plain_grad(loss, logits), atol=1e-13, rtol=0)


def test_splits_add_up_to_the_divergence():
    logits = torch.randn(4, 9, dtype=torch.float64)
    for split in ('entropy', 'renyi'):
        loss = SqrtKLLoss(1.0, split=split)
        parts = loss.parts(torch.stack(loss.sums(logits)))
        torch.testing.assert_close((parts['l1'] + parts['l2']).mean(), loss(logits))


@pytest.mark.parametrize('direction', ['p_u', 'u_p'])
@pytest.mark.parametrize('detach', [True, False])
def test_logits_of_300_are_no_danger(direction, detach):
    """The root of p underflows here: taken as such, the loss would be NaN."""
    loss = SqrtKLLoss(1.0, direction=direction, detach=detach)
    for row in ([300.0, 0, 0, 0], [-300.0, 300, 0, 10], [300.0, 300, -300, -300]):
        logits = torch.tensor([row])
        expected = sqrt_kl(logits.double(), direction, detach).item() if direction == 'u_p' else loss(logits.double())
        value, grad = streamed(loss, logits - 300)
        assert loss(logits).item() == pytest.approx(float(expected), rel=1e-5, abs=1e-5)
        assert value.item() == pytest.approx(float(expected), rel=1e-5, abs=1e-5)
        torch.testing.assert_close(grad, plain_grad(loss, logits), atol=1e-5, rtol=1e-5)


def test_uniform_and_one_hot_cost_nothing():
    loss = SqrtKLLoss()
    assert loss(torch.zeros(1, 5)).item() == pytest.approx(0, abs=1e-6)
    assert loss(torch.tensor([[500.0, 0, 0]])).item() == pytest.approx(0, abs=1e-6)


def test_released_gradient_is_that_of_ten_times_the_negative_entropy():
    cosines = torch.rand(2, 6, dtype=torch.float64, requires_grad=True)
    log_p = cosines.log_softmax(dim=1)
    (10 * (log_p.exp() * log_p).sum(dim=1).mean()).backward()
    torch.testing.assert_close(plain_grad(ReleasedSqrtKLLoss(20.0), cosines.detach()), cosines.grad)


def test_released_is_one_option():
    loss = ReleasedSqrtKLLoss()
    assert (loss.temperature, loss.detach, loss.direction) == (1.0, True, 'p_u')


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (dict(temperature=0.0), 'temperature=0.0 must be positive'),
        (dict(weight=-1.0), 'SqrtKLLoss: weight=-1.0 must not be negative'),
        (dict(direction='q_p'), "direction='q_p' must be one of 'p_u', 'u_p'"),
        (dict(split='half'), "split='half' must be one of"),
        (dict(direction='u_p', l1_weight=0.0), "l1_weight=0.0 .* need direction='p_u'"),
    ],
)
def test_bad_options_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        SqrtKLLoss(**wrong)
