"""Schedules against the arrays of the released code, at every step."""

import pytest

from sslreg.engine import CosineSchedule, LinearSchedule, StepSchedule, SwitchSchedule, WarmupSchedule
from tests.reference.massl import cosine_array

EPOCHS, STEPS = 40, 25


def values(schedule, num_steps=EPOCHS * STEPS):
    return [schedule(step, num_steps) for step in range(num_steps)]


@pytest.mark.parametrize(
    'name, base, final, warmup',
    [
        ('learning rate, ViT-S', 5e-4 * 1024 / 256, 1e-6, 0),
        ('learning rate, ViT-B', 7.5e-4 * 1024 / 256, 2e-6, 10),
        ('weight decay', 0.04, 0.4, 0),
        ('EMA momentum', 0.996, 1.0, 0),
    ],
)
def test_cosine_equals_the_released_arrays(name, base, final, warmup):
    expected = cosine_array(base, final, EPOCHS, STEPS, warmup)
    assert values(CosineSchedule(base, final, warmup=warmup / EPOCHS)) == pytest.approx(expected, abs=1e-9)


def test_mmengine_momentum_is_one_minus_the_papers():
    expected = [1 - momentum for momentum in cosine_array(0.996, 1.0, EPOCHS, STEPS)]
    assert values(CosineSchedule(1 - 0.996, 0.0)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize('warmup', [30, 40])
def test_teacher_temperature_equals_the_released_array(warmup):
    expected = (
        cosine_array(0.07, 0.07, EPOCHS, STEPS, warmup, warmup_start=0.04)
        if warmup < EPOCHS
        else [0.04 + 0.03 * t / (EPOCHS * STEPS - 1) for t in range(EPOCHS * STEPS)]
    )
    assert values(WarmupSchedule(0.04, 0.07, warmup=warmup / EPOCHS)) == pytest.approx(expected, abs=1e-9)


def test_shares_mean_whole_epochs_at_the_published_lengths():
    """30 of 800 epochs are 30 epochs' steps, whatever floating point makes of 30 / 800."""
    for epochs, warmup in ((800, 30), (400, 50), (400, 10), (800, 50), (300, 7)):
        schedule = WarmupSchedule(0.0, 1.0, warmup=warmup / epochs)
        steps = 1251 * epochs
        assert schedule(1251 * warmup - 2, steps) < 1
        assert schedule(1251 * warmup - 1, steps) == pytest.approx(1)


def test_linear_reaches_both_ends():
    assert values(LinearSchedule(2.0, 5.0), num_steps=4) == [2, 3, 4, 5]


def test_steps_fall_at_the_shares():
    schedule = StepSchedule(0.03, (120 / 200, 160 / 200))
    assert [schedule(step, 200) for step in (0, 119, 120, 159, 160, 199)] == pytest.approx(
        [0.03, 0.03, 0.003, 0.003, 0.0003, 0.0003]
    )
    with pytest.raises(ValueError, match='milestone=120 must be a share of training'):
        StepSchedule(0.03, (120,))


def test_switches_at_the_share():
    """Epoch 200 of 600, of 7 steps each."""
    schedule = SwitchSchedule(0.0, -0.1, at=200 / 600)
    assert [schedule(step, 4200) for step in (0, 1399, 1400, 4199)] == [0, 0, -0.1, -0.1]
    with pytest.raises(ValueError, match='at=200 must be a share of training'):
        SwitchSchedule(0.0, -0.1, at=200)


@pytest.mark.parametrize('kind', [WarmupSchedule, CosineSchedule])
@pytest.mark.parametrize('warmup', [-0.1, 30])
def test_warmup_is_a_share(kind, warmup):
    with pytest.raises(ValueError, match=f'warmup={warmup} must be a share'):
        kind(0.0, 1.0, warmup=warmup)


def test_one_step_of_training():
    assert values(CosineSchedule(1.0, 0.0, warmup=1.0), num_steps=1) == [0.0]
    assert values(LinearSchedule(1.0, 2.0), num_steps=1) == [1.0]
