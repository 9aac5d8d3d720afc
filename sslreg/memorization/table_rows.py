"""Rows of the tables of scores, the same in a terminal and on a page; a row of headings comes first."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .score_statistics import Agreement, ClaimTest, MeanStd
from .split import SPLIT_SETS
from .summary import LayerMem, SeedAgreement, SetSummary

AGREEMENT_HEADINGS = ('in both', 'by chance', "Kendall's tau", 'p')
FORM_HEADINGS = dict(sslmem='SSLMem', sslmem_range='by range', sslmem_prime="SSLMem'")


def set_rows(sets: Mapping[str, SetSummary], forms: Sequence[str] = tuple(FORM_HEADINGS)) -> list[list[str]]:
    """Return a row for each set: its size, the means of some forms of SSLMem, and quantiles of SSLMem."""
    rows = [['set', 'images', *(FORM_HEADINGS[form] for form in forms), '5 %', '50 %', '95 %']]
    for name, each in sets.items():
        means = [plus_minus(getattr(each, form)) for form in forms]
        quantiles = [fixed(each.sslmem.quantiles[q]) for q in ('0.05', '0.5', '0.95')]
        rows.append([name, str(each.sslmem.num_images), *means, *quantiles])
    return rows


def claim_rows(tests: Iterable[ClaimTest]) -> list[list[str]]:
    """Return a row for each test of a claim."""
    rows = [['claim', 'difference', "Cohen's d", 'p, Student', 'p, Welch']]
    for test in tests:
        p = [p_value(test.p_student), p_value(test.p_welch)]
        rows.append([test.claim, f'{test.difference:+.4f}', fixed(test.effect, 3), *p])
    return rows


def seed_rows(pairs: Iterable[SeedAgreement]) -> list[list[str]]:
    """Return a row for each two seeds of a study."""
    return [['seeds', *AGREEMENT_HEADINGS], *([both(pair.seeds), *agreement_cells(pair)] for pair in pairs)]


def layermem_rows(layers: Mapping[str, LayerMem]) -> list[list[str]]:
    """Return a row for each layer with LayerMem and Delta-LayerMem."""
    rows = [['layer', 'LayerMem', 'Delta-LayerMem']]
    for name, each in layers.items():
        rows.append([name, plus_minus(each), '' if each.delta is None else f'{each.delta:+.4f}'])
    return rows


def relative_cells(sets: Mapping[str, SetSummary]) -> list[str]:
    """Return the mean SSLMem' of each of the four sets; empty for an absent set."""
    return [plus_minus(sets[name].sslmem_prime) if name in sets else '' for name in SPLIT_SETS]


def agreement_cells(pair: Agreement) -> list[str]:
    """Return overlap, its level of chance, tau and p of two rankings, below :data:`AGREEMENT_HEADINGS`."""
    return [f'{pair.overlap:.0%}', f'{pair.chance:.0%}', fixed(pair.tau, 3), p_value(pair.p)]


def both(names: Iterable[Any]) -> str:
    """Join two names: ``'0 and 1'``."""
    return ' and '.join(map(str, names))


def plus_minus(values: MeanStd, digits: int = 4) -> str:
    """Format a mean and, with several seeds, its standard deviation: ``'0.1234 ± 0.0012'``."""
    return f'{values.mean:.{digits}f}' + ('' if values.std is None else f' ± {values.std:.{digits}f}')


def fixed(value: float, digits: int = 4) -> str:
    """Format a number: ``'0.1234'``, or ``'n/a'`` for NaN."""
    return 'n/a' if math.isnan(value) else f'{value:.{digits}f}'


def p_value(p: float) -> str:
    """Format a p-value: ``'3.1e-05'``, or ``'n/a'`` for NaN."""
    if math.isnan(p):
        return 'n/a'
    return f'{p:.2g}' if p > 0 else 'below 1e-300'
