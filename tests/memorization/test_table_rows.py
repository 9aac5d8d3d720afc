import pytest

from sslreg.memorization.score_statistics import ClaimTest, MeanStd
from sslreg.memorization.summary import LayerMem, ScoreSummary, SeedAgreement, SetSummary
from sslreg.memorization.table_rows import (
    claim_rows,
    fixed,
    layermem_rows,
    p_value,
    plus_minus,
    relative_cells,
    seed_rows,
    set_rows,
)


def summary(mean: float, std: float | None = None) -> SetSummary:
    quantiles = {'0.05': 0.1, '0.25': 0.2, '0.5': 0.3, '0.75': 0.4, '0.95': 0.5}
    form = ScoreSummary(mean, std, 7, quantiles)
    return SetSummary(form, form, ScoreSummary(2 * mean, std, 7, quantiles))


def test_rows_of_sets_have_the_forms_that_are_asked_for():
    rows = set_rows(dict(candidate=summary(0.25, 0.01)), ['sslmem', 'sslmem_prime'])
    assert rows == [
        ['set', 'images', 'SSLMem', "SSLMem'", '5 %', '50 %', '95 %'],
        ['candidate', '7', '0.2500 ± 0.0100', '0.5000 ± 0.0100', '0.1000', '0.3000', '0.5000'],
    ]
    assert len(set_rows({})[0]) == 8


def test_a_set_that_is_absent_has_an_empty_cell():
    assert relative_cells(dict(candidate=summary(0.25))) == ['', '0.5000', '', '']


def test_rows_of_claims_seeds_and_layers():
    test = ClaimTest('candidate', 'extra', 0.5, float('nan'), 0.0, 0.02)
    assert claim_rows([test])[1] == ['candidate above extra', '+0.5000', 'n/a', 'below 1e-300', '0.02']
    pairs = [SeedAgreement(9, 0.5, 0.25, 0.125, 0.1, seeds=[3, 4])]
    assert seed_rows(pairs)[1] == [
        '3 and 4',
        '50%',
        '10%',
        '0.250',
        '0.12',
    ]
    layers = dict(a=LayerMem(0.5, None, None), b=LayerMem(0.25, 0.5, -0.25))
    assert layermem_rows(layers)[1:] == [['a', '0.5000', ''], ['b', '0.2500 ± 0.5000', '-0.2500']]


@pytest.mark.parametrize('value, expected', [(0.12345, '0.1235'), (float('nan'), 'n/a')])
def test_numbers(value, expected):
    assert fixed(value) == expected
    assert plus_minus(MeanStd(2, 1), 1) == '2.0 ± 1.0'
    assert p_value(float('nan')) == 'n/a'
