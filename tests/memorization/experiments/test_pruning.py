"""Pruned units by hand-made UnitMem, and the outputs of networks without them."""

import pytest
import torch
from torch import nn

from sslreg.evaluation.features.store import model_hash
from sslreg.memorization.experiments import pruning
from sslreg.memorization.experiments.pruning import PruningCondition
from sslreg.models import Encoder
from sslreg.registry import MODELS

UNITMEM = dict(a=torch.tensor([0.1, 0.9, 0.5, 0.2]), b=torch.tensor([0.8, 0.7]))


@MODELS.register_module(force=True)
class TwoLayers(nn.Module):
    """Maps of 4 units, then vectors of 2; one ReLU that runs twice, and a layer with two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 1), nn.Linear(4, 2)
        self.relu = nn.ReLU()
        self.pair = Pair()

    def forward(self, images):
        vectors = self.relu(self.a(images).relu().mean(dim=(2, 3)))
        _, last = self.pair(self.relu(self.b(vectors)))
        return (last,)


class Pair(nn.Module):
    def forward(self, vectors):
        return vectors - 1, vectors + 1


@pytest.fixture
def model():
    return Encoder(dict(type='TwoLayers')).eval()


def chosen(order, share, per, seed=0) -> dict[str, list[int]]:
    found = pruning.pruned_units(UNITMEM, PruningCondition(order, share, per, seed))
    return {name: each.nonzero().flatten().tolist() for name, each in found.items()}


def test_units_of_each_layer():
    assert chosen('most', 0.5, 'layer') == dict(a=[1, 2], b=[0])
    assert chosen('least', 0.5, 'layer') == dict(a=[0, 3], b=[1])
    assert chosen('most', 0.25, 'layer') == dict(a=[1], b=[])  # half a unit of b is rounded to the even number, none
    assert chosen('none', 0.0, 'layer') == {}


def test_units_of_all_layers_together():
    assert chosen('most', 0.5, 'network') == dict(a=[1], b=[0, 1])
    assert chosen('least', 0.5, 'network') == dict(a=[0, 2, 3], b=[])


def test_random_units_are_as_many_and_drawn_by_the_seed():
    scores = dict(a=torch.zeros(60), b=torch.zeros(40))

    def drawn(share, per, seed):
        found = pruning.pruned_units(scores, PruningCondition('random', share, per, seed))
        return [found[name] for name in 'ab']

    assert [int(each.sum()) for each in drawn(0.1, 'layer', 0)] == [6, 4]
    assert sum(int(each.sum()) for each in drawn(0.1, 'network', 0)) == 10
    assert torch.equal(drawn(0.1, 'layer', 0)[0], drawn(0.1, 'layer', 0)[0])
    assert not torch.equal(drawn(0.1, 'layer', 0)[0], drawn(0.1, 'layer', 1)[0])
    few, many = drawn(0.1, 'network', 0)[0], drawn(0.2, 'network', 0)[0]
    assert torch.equal(few & many, few)


def test_shares_out_of_range():
    with pytest.raises(ValueError, match='share 0.01 per layer is less than one unit: take more'):
        chosen('most', 0.01, 'layer')
    with pytest.raises(ValueError, match='share 0 of the units must be between 0 and 1'):
        pruning.pruning_conditions(['most'], [0.1, 0], ['layer'], [0])


def test_conditions_are_drawn_again_only_where_something_is_drawn():
    assert pruning.pruning_conditions(['random', 'most'], [0.2, 0.1], ['network'], [3, 4]) == [
        ('none', 0.0, 'layer', 0),
        *[('most', 0.1, 'network', 0), ('random', 0.1, 'network', 3), ('random', 0.1, 'network', 4)],
        *[('most', 0.2, 'network', 0), ('random', 0.2, 'network', 3), ('random', 0.2, 'network', 4)],
    ]


@pytest.mark.parametrize('shape', [(2, 3), (2, 5, 3), (2, 3, 4, 4)], ids=['vectors', 'tokens', 'maps'])
def test_pruned_units_give_zero_and_the_others_what_they_gave(shape):
    outputs = torch.rand(shape) + 1
    network = nn.Sequential(nn.Identity(), nn.Conv2d(1, 1, 1))
    with pruning.pruned(network, {'0': torch.tensor([True, False, True])}):
        found = network[0](outputs)
    units = 1 if len(shape) == 4 else -1
    assert found.select(units, 0).eq(0).all()
    assert found.select(units, 2).eq(0).all()
    assert torch.equal(found.select(units, 1), outputs.select(units, 1))
    assert torch.equal(network[0](outputs), outputs)


def test_of_several_outputs_the_last_is_pruned(model):
    with pruning.pruned(model.feature_backbone, dict(pair=torch.tensor([True, False]))):
        first, last = model.feature_backbone.pair(torch.ones(1, 2))
    assert (first.tolist(), last.tolist()) == ([[0, 0]], [[0, 2]])


def test_a_pruned_network_is_another_to_the_store_of_features(model):
    backbone = model.feature_backbone
    images = torch.rand(2, 3, 4, 4)
    whole = model.extract_feat(images)
    hashes = {model_hash(model)}
    for units in (dict(a=[1, 0, 0, 0]), dict(a=[0, 1, 0, 0]), dict(b=[1, 0])):
        with pruning.pruned(backbone, {name: torch.tensor(each).bool() for name, each in units.items()}):
            hashes.add(model_hash(model))
            feats = model.extract_feat(images)
    assert len(hashes) == 4
    torch.testing.assert_close(feats[:, 0], torch.ones(2))  # of the last units: 0, and 1 by the last layer
    assert not list(backbone.buffers())
    assert model_hash(model) in hashes
    assert torch.equal(model.extract_feat(images), whole)


def test_after_an_error_the_network_is_whole(model):
    with pytest.raises(KeyboardInterrupt), pruning.pruned(model.feature_backbone, dict(b=torch.tensor([True, False]))):
        raise KeyboardInterrupt
    assert not list(model.feature_backbone.buffers())
    assert not model.feature_backbone.b._forward_hooks


def test_layers_that_cannot_be_pruned(model):
    assert pruning.layer_names(model, ['a|b']) == ['a', 'b']
    with pytest.raises(ValueError, match="'representation' is the output of several layers"):
        pruning.layer_names(model, ['a', 'representation'])
    images = torch.rand(1, 3, 4, 4)
    pruning.check_runs_once(model, ['a', 'b'], images)
    with pytest.raises(ValueError, match="layer 'relu' runs 2 times in a pass: choose layers that run once"):
        pruning.check_runs_once(model, ['a', 'relu'], images)
