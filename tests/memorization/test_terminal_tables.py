import torch

from sslreg.memorization.summary import summarize, summarize_layermem
from sslreg.memorization.terminal_tables import rich_table, score_tables, unit_table
from sslreg.memorization.unit_scores import UnitScores
from tests.memorization.toy_scores import scores


def test_scores_of_two_seeds_and_one_layer_have_three_tables():
    found = scores([0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1])
    sets, tests, seeds = score_tables(summarize(found), summarize_layermem(found))
    assert sets.title == 'SSLMem: conv'
    assert list(sets.columns[0].cells) == ['shared', 'candidate']
    assert list(tests.columns[0].cells) == ['candidate above shared']
    assert seeds.title == '1 most memorised candidates: conv'
    assert list(seeds.columns[0].cells) == ['3 and 4']


def test_a_single_seed_has_no_table_of_seeds():
    found = scores([0.1, 0.2, 0.3, 0.4])
    assert len(score_tables(summarize(found), summarize_layermem(found))) == 2


def test_units_by_layer():
    table = unit_table('UnitMem', dict(act=UnitScores(torch.tensor([0.0, 0.5, 1.0]), torch.arange(3))))
    assert [next(iter(column.cells)) for column in table.columns][:3] == ['act', '3', '0.5000']


def test_the_first_row_has_the_headings():
    table = rich_table('t', [['a', 'b'], ['1', '2']])
    assert [column.header for column in table.columns] == ['a', 'b']
    assert [list(column.cells) for column in table.columns] == [['1'], ['2']]
