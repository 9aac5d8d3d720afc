"""What was found, in tables for a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.table import Column, Table

from .unit_scores import Units, described


def of_scores(found: dict[str, Any]) -> list[Table]:
    """Of ``scores.json``: the sets and the tests of the last layer, and LayerMem where there are several layers."""
    layer, last = list(found['layers'].items())[-1]
    tables = [_sets(layer, last['sets']), _tests(layer, last['tests'])]
    if 'seeds' in last:
        tables.append(_seeds(layer, last['seeds']))
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


def _sets(layer: str, sets: dict[str, Any]) -> Table:
    table = Table(
        Column('set', no_wrap=True),
        'images',
        'SSLMem',
        'by range',
        "SSLMem'",
        '5 %',
        '50 %',
        '95 %',
        title=f'SSLMem: {layer}',
    )
    for name, forms in sets.items():
        raw = forms['sslmem']
        means = [plus_minus(forms[form]) for form in ('sslmem', 'sslmem_range', 'sslmem_prime')]
        quantiles = [f'{raw["quantiles"][name]:.4f}' for name in ('0.05', '0.5', '0.95')]
        table.add_row(name, str(raw['num_images']), *means, *quantiles)
    return table


def _tests(layer: str, tests: list[dict[str, Any]]) -> Table:
    table = Table('claim', 'difference', "Cohen's d", 'p, Student', 'p, Welch', title=f'One-sided t-tests: {layer}')
    for test in tests:
        values = [f'{test[name]:.4f}' for name in ('difference', 'effect')]
        p = [f'{test[name]:.2g}' for name in ('p_student', 'p_welch')]
        table.add_row(f'{test["higher"]} > {test["lower"]}', *values, *p)
    return table


def _seeds(layer: str, seeds: list[dict[str, Any]]) -> Table:
    table = Table(
        'seeds', 'in both', "Kendall's tau", 'p', title=f'{seeds[0]["top"]} most memorised candidates: {layer}'
    )
    for each in seeds:
        row = (f'{each["overlap"]:.0%}', f'{each["tau"]:.3f}', f'{each["p"]:.2g}')
        table.add_row(' and '.join(map(str, each['seeds'])), *row)
    return table


def _layers(layermem: dict[str, dict[str, float]]) -> Table:
    table = Table('layer', 'LayerMem', 'Delta-LayerMem', title='LayerMem of the candidates')
    for layer, each in layermem.items():
        table.add_row(layer, plus_minus(each), f'{each["delta"]:+.4f}' if 'delta' in each else '')
    return table


def plus_minus(values: Mapping[str, float], digits: int = 4) -> str:
    """``'0.1234 ± 0.0012'``, a mean and, with several seeds, the standard deviation."""
    return f'{values["mean"]:.{digits}f}' + (f' ± {values["std"]:.{digits}f}' if 'std' in values else '')
