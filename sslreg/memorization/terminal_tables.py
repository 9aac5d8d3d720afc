"""Tables of scores for a terminal."""

import math
from collections.abc import Mapping, Sequence

from rich.table import Column, Table

from .comparison import StudyComparison
from .split import SPLIT_SETS
from .summary import LayerMem, LayerSummary
from .table_rows import (
    AGREEMENT_HEADINGS,
    agreement_cells,
    both,
    claim_rows,
    layermem_rows,
    relative_cells,
    seed_rows,
    set_rows,
)
from .unit_scores import UnitScores

NARROW_FORMS = ('sslmem', 'sslmem_prime')  # these fit into a terminal of 80 columns


def score_tables(layers: Mapping[str, LayerSummary], layermem: Mapping[str, LayerMem]) -> list[Table]:
    """Return tables of the sets, tests and seeds of the last layer, and of LayerMem with several layers."""
    layer, last = list(layers.items())[-1]
    tables = [
        rich_table(f'SSLMem: {layer}', set_rows(last.sets, NARROW_FORMS)),
        rich_table(f'One-sided t-tests: {layer}', claim_rows(last.tests)),
    ]
    if last.seeds:
        tables.append(rich_table(f'{last.seeds[0].top} most memorised candidates: {layer}', seed_rows(last.seeds)))
    if len(layers) > 1:
        tables.append(rich_table('LayerMem of the candidates', layermem_rows(layermem)))
    return tables


def unit_table(measure: str, scores: Mapping[str, UnitScores]) -> Table:
    """Return a table of the mean and quantiles of each layer's units."""
    rows = [['layer', 'units', 'mean', '5 %', '50 %', '95 %']]
    for layer, each in scores.items():
        found = each.summary
        quantiles = [found.quantiles[name] for name in ('0.05', '0.5', '0.95')]
        rows.append([layer, str(found.number), *(f'{value:.4f}' for value in (found.mean, *quantiles))])
    return rich_table(measure, rows)


def comparison_tables(found: StudyComparison) -> list[Table]:
    """Return tables of the sets' SSLMem' by study, of the overlap of each two studies, and of Kendall's tau."""
    means = [['study', 'seeds', *SPLIT_SETS]]
    means += [[each.name, ', '.join(map(str, each.seeds)), *relative_cells(each.sets)] for each in found.studies]
    shares = [['', *found.names]]
    for name, row in zip(found.names, found.overlaps(), strict=True):
        shares.append([name, *('' if math.isnan(value) else f'{value:.0%}' for value in row)])
    overlaps = rich_table(f'Share of the {found.pairs[0].top} most memorised candidates in both', shares)
    overlaps.caption = f"by chance {found.pairs[0].chance:.0%}; on the diagonal: a study's own seeds"
    pairs = [[both(pair.studies), *agreement_cells(pair)] for pair in found.pairs]
    ranks = rich_table('Agreement of studies', [['studies', *AGREEMENT_HEADINGS], *pairs])
    return [rich_table(f"Mean SSLMem': {found.layer}", means), overlaps, ranks]


def rich_table(title: str, rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of rows, the first of which has the headings."""
    first, *others = rows[0]
    table = Table(Column(first, no_wrap=True), *others, title=title)
    for row in rows[1:]:
        table.add_row(*row)
    return table
