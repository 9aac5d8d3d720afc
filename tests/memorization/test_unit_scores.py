import torch

from sslreg.memorization.unit_scores import UnitScores, read_units, unit_classes, write_units

UNITMEM = dict(a=torch.tensor([0.1, 0.9, 0.5, 0.2]), b=torch.tensor([0.8, 0.7]))


def test_units_are_read_only_where_they_are_what_is_asked_for(tmp_path):
    units = dict(a=UnitScores(UNITMEM['a'], torch.arange(4)), b=UnitScores(UNITMEM['b'], torch.arange(2)))
    assert read_units(tmp_path, dict(views=10)) is None
    write_units(tmp_path, units, dict(views=10, names=['a', 'b']))
    assert read_units(tmp_path, dict(views=10, names=['a'])) is None
    found = read_units(tmp_path, dict(views=10, names=['a', 'b']))
    assert list(found) == ['a', 'b']
    assert torch.equal(found['b'].scores, UNITMEM['b'])
    assert found['a'].most.tolist() == [0, 1, 2, 3]


def test_the_class_that_excites_a_unit_most_is_told_by_its_label():
    activations, labels = torch.tensor([[3.0, 0.0], [3.0, 0.0], [0.0, 3.0], [4.0, 0.0]]), torch.tensor([0, 0, 3, 4])
    assert unit_classes(activations, labels).most.tolist() == [4, 3]


def test_summary_of_a_layers_units():
    found = UnitScores(torch.tensor([0.0, 0.5, 1.0]), torch.arange(3)).summary
    assert (found.number, found.mean, found.quantiles['0.5']) == (3, 0.5, 0.5)
