"""Page with tables and plots of the benchmark results of one model, or of several models side by side."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from sslreg.evaluation.results import Evaluation
from sslreg.evaluation.tables import Comparison, ResultTable, compare, headline_name, headlines, overview

from .metric_plots import bars, metric_plots
from .page import Block, Facts, Section, Table, write_page


def write_benchmarks(
    evaluations: Sequence[Evaluation], path: Path, title: str, tables: Sequence[ResultTable] = ()
) -> None:
    """Write the page.

    Args:
        evaluations: Results of each model; their titles must differ.
        path: HTML file to write.
        title: Title of the page.
        tables: Tables across several benchmarks, shown before the single benchmarks.
    """
    comparisons = compare(evaluations)
    sections = [
        *([_overview(comparisons)] if len(evaluations) > 1 else []),
        _models(evaluations),
        *(Section(table.title, result_blocks(table)) for table in tables),
        *(Section(each.name, list(_benchmark(each))) for each in comparisons),
    ]
    write_page(path, title, '', sections)


def result_blocks(results: ResultTable) -> list[Block]:
    """Return a table of results and its note as blocks of a page."""
    return [Table(results.cells, results.best), results.note]


def _models(evaluations: Sequence[Evaluation]) -> Section:
    """Return the facts of the only model, or those of each of several models, collapsed."""
    if len(evaluations) == 1:
        return Section('The run', [Facts(evaluations[0].facts)])
    return Section('The models', [Section(each.title, [Facts(each.facts)], collapsed=True) for each in evaluations])


def _overview(comparisons: Sequence[Comparison]) -> Section:
    """Return the main metric of each benchmark as a table and as bars."""
    columns = headlines(comparisons)
    labels = {headline_name(each): each.name for each in comparisons}
    return Section('Overview', [*result_blocks(overview(comparisons)), bars(columns, len(columns), labels, 'in %')])


def _benchmark(comparison: Comparison) -> Iterator[Block]:
    """Yield protocol, table, plots and, collapsed, all metrics of a benchmark."""
    first, *_ = comparison.models.values()
    yield first.about
    yield Facts(first.protocol)
    yield protocol_differences(comparison)
    yield from result_blocks(comparison.table(comparison.main))
    yield _source(comparison)
    yield from metric_plots(comparison)
    if len(comparison.main) < len(comparison.metrics):
        everything = result_blocks(comparison.table(comparison.metrics))
        yield Section(f'All {len(comparison.metrics)} metrics', everything, collapsed=True)


def protocol_differences(comparison: Comparison) -> str:
    """Return one paragraph for each protocol setting in which a model differs from the first; '' without any."""
    (first, outcome), *others = comparison.models.items()
    return '\n\n'.join(
        f'Compare with care: {title} has {key} {other.protocol.get(key, "unknown")}, {first} has {value}.'
        for title, other in others
        for key, value in outcome.protocol.items()
        if other.protocol.get(key) != value
    )


def _source(comparison: Comparison) -> str:
    """Return the sentence with the sources of the papers' figures; '' without such figures."""
    if not comparison.papers:
        return ''
    sources = dict.fromkeys(each.source for each in comparison.models.values() if each.source)
    return f'Figures of papers: {"; ".join(sources) or "the config names no source"}.'
