from sslreg.memorization.experiments.records import ConditionRun
from sslreg.memorization.experiments.removal import RemovalCondition
from sslreg.memorization.experiments.run_tables import run_table


def test_a_table_has_means_over_seeds_and_differences_from_random():
    values = [('none', 0, 70.0), ('most', 5, 40.0), ('most', 5, 44.0), ('random', 5, 50.0), ('least', 9, 60.0)]
    runs = [
        ConditionRun(RemovalCondition(order, number, 0), 'network', {'x/top1': value, 'x/top5': 1.0, 'y/top1': 0.0})
        for order, number, value in values
    ]
    table = run_table('t', 'x', runs, lambda each: str(each.number or ''))
    assert table.columns == ['top1']
    assert table.rows == {
        'none': ['70.00'],
        'most 5': ['42.00 ± 2.83'],
        'most 5 - random': ['-8.00'],
        'random 5': ['50.00'],
        'least 9': ['60.00'],
    }
