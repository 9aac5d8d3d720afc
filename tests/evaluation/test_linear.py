import math

import pytest
import torch
import torch.nn.functional as F

from sslreg.evaluation import LinearProbe
from sslreg.evaluation.probes.linear import drawn_to_select

SMALL = dict(epochs=3, batch_size=16)


def made_up(num_images=50, width=6, num_classes=3, seed=0):
    rng = torch.Generator().manual_seed(seed)
    labels = torch.arange(num_images) % num_classes
    centres = 2 * torch.eye(num_classes, width)
    return centres[labels] + torch.randn(num_images, width, generator=rng, dtype=torch.double), labels


def one(optimizer, lr, decay, **arguments):
    return LinearProbe((lr,), (decay,), (optimizer,), **SMALL | arguments)


def run_alone(feats, labels, lr, make_step):
    """An ordinary loop over batches with the seed's weights and order; ``make_step(layer)`` gives ``step(lr)``."""
    rng = torch.Generator().manual_seed(0)
    layer = torch.nn.Linear(feats.shape[1], 3, dtype=torch.double)
    layer.weight.data = torch.zeros(3, feats.shape[1]).normal_(0, 0.01, generator=rng).double()
    torch.nn.init.zeros_(layer.bias)
    step = make_step(layer)
    for epoch in range(3):
        for i, batch in enumerate(torch.randperm(len(feats), generator=rng).split(16)):
            layer.zero_grad()
            F.cross_entropy(layer(feats[batch]), labels[batch]).backward()
            step(lr * 16 / 256 * (1 + math.cos(math.pi * (4 * epoch + i) / 12)) / 2)
    return layer


@pytest.mark.parametrize('decay', [0, 0.1])
def test_sgd_is_torchs(decay):
    def make_step(layer):
        solver = torch.optim.SGD(layer.parameters(), lr=1, momentum=0.9, weight_decay=decay)

        def step(lr):
            solver.param_groups[0]['lr'] = lr
            solver.step()

        return step

    feats, labels = made_up()
    probe = one('sgd', 5.0, decay)
    probe.fit(feats, labels)
    layer = run_alone(feats, labels, 5.0, make_step)
    torch.testing.assert_close(probe.predict(feats), layer(feats).detach())


def test_lars_is_the_plain_formula():
    def make_step(layer):
        velocity = dict(weight=0, bias=0)

        def step(lr):
            weight, bias = layer.weight, layer.bias
            grad = weight.grad + 0.1 * weight.data
            grad = 0.001 * weight.data.norm() / grad.norm() * grad
            velocity['weight'] = 0.9 * velocity['weight'] + grad
            velocity['bias'] = 0.9 * velocity['bias'] + bias.grad
            weight.data -= lr * velocity['weight']
            bias.data -= lr * velocity['bias']

        return step

    feats, labels = made_up()
    probe = one('lars', 5.0, 0.1)
    probe.fit(feats, labels)
    layer = run_alone(feats, labels, 5.0, make_step)
    torch.testing.assert_close(probe.predict(feats), layer(feats).detach())


def test_heads_do_not_know_of_each_other():
    feats, labels = made_up()
    grid = LinearProbe((0.5, 5.0), (0, 0.1), **SMALL)
    grid.fit(feats, labels, val=made_up(seed=1))
    scores = grid.scores(feats)
    assert len(scores) == 1 + 8
    for head in grid.heads:
        single = one(head.optimizer, head.lr, head.weight_decay)
        single.fit(feats, labels)
        torch.testing.assert_close(scores[str(head)], single.predict(feats))


def test_a_head_that_diverges_leaves_the_others_alone():
    feats, labels = made_up()
    grid, single = LinearProbe((1.0, 5.0), (0,), ('sgd',), **SMALL), one('sgd', 5.0, 0)
    grid.heads[0] = grid.heads[0]._replace(lr=math.inf)
    grid.fit(feats, labels, val=(feats, labels))
    single.fit(feats, labels)
    assert not grid.params[0].isfinite().all()
    torch.testing.assert_close(grid.params[1:], single.params)
    assert str(grid.selected) == 'sgd-lr5-wd0'


def test_names_of_the_paper_grid():
    names = [str(head) for head in LinearProbe().heads]
    assert len(names) == 13 * 2 * 2
    assert names[0] == 'sgd-lr0.0001-wd0'
    assert names[-1] == 'lars-lr0.5-wd1e-06'


def test_the_best_on_held_out_images_is_trained_again_on_all():
    feats, labels = made_up(120)
    grid = LinearProbe((1e-9, 5.0), (0,), ('sgd',), **SMALL)
    grid.fit(feats, labels)
    assert str(grid.selected) == 'sgd-lr5-wd0'
    assert grid.val_accuracy['sgd-lr5-wd0'] > 80 > grid.val_accuracy['sgd-lr1e-09-wd0']
    single = one('sgd', 5.0, 0)
    single.fit(feats, labels)
    torch.testing.assert_close(grid.predict(feats), single.predict(feats))
    torch.testing.assert_close(grid.scores(feats)['selected'], single.predict(feats))


def test_given_validation_images_choose():
    feats, labels = made_up()
    grid = LinearProbe((5.0, 1e-9), (0,), ('sgd',), **SMALL)
    grid.fit(feats, labels, val=(feats, (labels + 1) % 3))  # where the good head is wrong
    assert str(grid.selected) == 'sgd-lr1e-09-wd0'
    torch.testing.assert_close(grid.predict(feats), grid.scores(feats)['sgd-lr1e-09-wd0'])


def test_a_tenth_of_each_class_is_held_out():
    labels = torch.tensor([0] * 20 + [1] * 40 + [2])
    held_out = drawn_to_select(labels, 0.1, seed=0)
    assert labels[held_out].bincount(minlength=3).tolist() == [2, 4, 0]


def test_the_seed_decides():
    feats, labels = made_up()
    first, again, other = (LinearProbe((5.0,), (0,), ('sgd',), seed=seed, **SMALL) for seed in (0, 0, 1))
    for probe in (first, again, other):
        probe.fit(feats, labels)
    assert torch.equal(first.params, again.params)
    assert not torch.equal(first.params, other.params)


def test_says_what_to_do_where_none_can_be_held_out():
    feats, labels = made_up(6)
    with pytest.raises(ValueError, match='of 6 images of 3 classes holds out no image to choose a head by: give'):
        LinearProbe().fit(feats, labels)


def test_rejects_features_that_are_not_finite():
    feats, labels = made_up()
    feats[0] = torch.nan
    with pytest.raises(ValueError, match='1 of 50 images have features that are not finite'):
        LinearProbe().fit(feats, labels)


@pytest.mark.parametrize(
    'arguments',
    [dict(lrs=()), dict(lrs=(0,)), dict(weight_decays=(-1,)), dict(optimizers=('adam',)), dict(val_share=1)],
)
def test_rejects_what_cannot_be(arguments):
    with pytest.raises(ValueError, match='lrs|weight_decays|optimizers|val_share'):
        LinearProbe(**arguments)
