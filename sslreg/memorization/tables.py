"""What was found, in tables for a terminal."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Column, Table

from .comparison import overlaps
from .split import SPLIT_SETS
from .unit_scores import Units, described

AGREEMENT = ('in both', "Kendall's tau", 'p')  # headings
FORMS = dict(sslmem='SSLMem', sslmem_range='by range', sslmem_prime="SSLMem'")
NARROW = ('sslmem', 'sslmem_prime')  # what a terminal of 80 columns has room for


def of_scores(found: dict[str, Any]) -> list[Table]:
    """Of ``scores.json``: the sets and the tests of the last layer, and LayerMem where there are several layers."""
    layer, last = list(found['layers'].items())[-1]
    tables = [
        _table(f'SSLMem: {layer}', rows_of_sets(last['sets'], NARROW)),
        _table(f'One-sided t-tests: {layer}', rows_of_tests(last['tests'])),
    ]
    if seeds := last.get('seeds'):
        tables.append(_table(f'{seeds[0]["top"]} most memorised candidates: {layer}', rows_of_seeds(seeds)))
    if len(found['layers']) > 1:
        tables.append(_layers(found['layermem']))
    return tables


def of_units(kind: str, scores: dict[str, Units]) -> Table:
    """Mean and quantiles of each layer."""
    table = Table('layer', 'units', 'mean', '5 %', '50 %', '95 %', title=kind)
    for layer, each in scores.items():
        facts = described(each.scores)
        quantiles = [facts['quantiles'][name] for name in ('0.05', '0.5', '0.95')]
        table.add_row(layer, str(facts['number']), *(f'{value:.4f}' for value in (facts['mean'], *quantiles)))
    return table


def of_comparison(found: dict[str, Any]) -> list[Table]:
    """Of ``compare.json``: SSLMem' of the sets of each study, the overlap of each with each, and Kendall's tau."""
    names = [study['name'] for study in found['studies']]
    means = Table('study', 'seeds', *SPLIT_SETS, title=f"Mean SSLMem': {found['layer']}")
    for study in found['studies']:
        sets = study['sets']
        cells = [plus_minus(sets[name]['sslmem_prime']) if name in sets else '' for name in SPLIT_SETS]
        means.add_row(study['name'], ', '.join(map(str, study['seeds'])), *cells)
    title = f'Of the {found["pairs"][0]["top"]} most memorised candidates in both'
    shares = Table('', *names, title=title, caption="on the diagonal: a study's own seeds")
    for name, row in zip(names, overlaps(found), strict=True):
        shares.add_row(name, *('' if math.isnan(value) else f'{value:.0%}' for value in row))
    pairs = [row_of_pair(both(pair['studies']), pair) for pair in found['pairs']]
    return [means, shares, _table('Agreement of studies', [['studies', *AGREEMENT], *pairs])]


def rows_of_sets(sets: Mapping[str, Any], forms: Sequence[str] = tuple(FORMS)) -> list[list[str]]:
    """Of ``sets`` in ``scores.json``, with the means of some forms; a row of headings comes first, also below."""
    rows = [['set', 'images', *(FORMS[form] for form in forms), '5 %', '50 %', '95 %']]
    for name, found in sets.items():
        raw = found['sslmem']
        means = [plus_minus(found[form]) for form in forms]
        quantiles = [fixed(raw['quantiles'][each]) for each in ('0.05', '0.5', '0.95')]
        rows.append([name, str(raw['num_images']), *means, *quantiles])
    return rows


def rows_of_tests(tests: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Of ``tests`` in ``scores.json``."""
    rows = [['claim', 'difference', "Cohen's d", 'p, Student', 'p, Welch']]
    for test in tests:
        p = [p_value(test[name]) for name in ('p_student', 'p_welch')]
        claim = f'{test["higher"]} above {test["lower"]}'
        rows.append([claim, f'{test["difference"]:+.4f}', fixed(test['effect'], 3), *p])
    return rows


def rows_of_seeds(seeds: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Of ``seeds`` in ``scores.json``."""
    return [['seeds', *AGREEMENT], *(row_of_pair(both(pair['seeds']), pair) for pair in seeds)]


def row_of_pair(name: str, pair: Mapping[str, Any]) -> list[str]:
    """Overlap, tau and p of two rankings, below :data:`AGREEMENT`."""
    return [name, f'{pair["overlap"]:.0%}', fixed(pair['tau'], 3), p_value(pair['p'])]


def both(names: Sequence[Any]) -> str:
    """``'0 and 1'``."""
    return ' and '.join(map(str, names))


def _layers(layermem: dict[str, dict[str, float]]) -> Table:
    table = Table('layer', 'LayerMem', 'Delta-LayerMem', title='LayerMem of the candidates')
    for layer, each in layermem.items():
        table.add_row(layer, plus_minus(each), f'{each["delta"]:+.4f}' if 'delta' in each else '')
    return table


def _table(title: str, rows: Sequence[Sequence[str]]) -> Table:
    first, *others = rows[0]
    table = Table(Column(first, no_wrap=True), *others, title=title)
    for row in rows[1:]:
        table.add_row(*row)
    return table


def plus_minus(values: Mapping[str, float], digits: int = 4) -> str:
    """``'0.1234 ± 0.0012'``, a mean and, with several seeds, the standard deviation."""
    return f'{values["mean"]:.{digits}f}' + (f' ± {values["std"]:.{digits}f}' if 'std' in values else '')


def fixed(value: float, digits: int = 4) -> str:
    """``'0.1234'``; ``'n/a'`` for what is not known."""
    return 'n/a' if math.isnan(value) else f'{value:.{digits}f}'


def p_value(p: float) -> str:
    """``'3.1e-05'``; ``'n/a'`` for what is not known."""
    if math.isnan(p):
        return 'n/a'
    return f'{p:.2g}' if p > 0 else 'below 1e-300'
