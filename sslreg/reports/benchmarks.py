"""One page, pictures included, on what benchmarks found of one model, or of several side by side."""

from collections.abc import Sequence
from pathlib import Path

from sslreg.evaluation.results import Evaluation
from sslreg.evaluation.tables import Comparison, ResultTable, compare, headline_name, headlines, overview

from .metric_plots import bars, metric_plots
from .page import boxed, document, folded, paragraphs, table, titled

MANY_COLUMNS = 5  # more are set closer


def write_benchmarks(
    evaluations: Sequence[Evaluation], path: Path, title: str, tables: Sequence[ResultTable] = ()
) -> None:
    """Write the page.

    Args:
        evaluations: Of models, each with a title of its own.
        path: Of the page, in a folder that exists.
        title: Of the page.
        tables: Of several benchmarks together, which come before each by itself.
    """
    comparisons = compare(evaluations)
    several = [_overview(comparisons)] if len(evaluations) > 1 else []
    together = [titled(each.title, result_html(each)) for each in tables]
    parts = [*several, _models(evaluations), *together, *map(_benchmark, comparisons)]
    path.write_text(document(title, ''.join(parts)), encoding='utf-8')


def result_html(results: ResultTable) -> str:
    look = 'results many' if len(results.columns) > MANY_COLUMNS else 'results'
    return boxed(look, table(results.cells, results.best)) + paragraphs(results.note)


def _models(evaluations: Sequence[Evaluation]) -> str:
    facts = {each.title: boxed('facts', table([[], *map(list, each.facts.items())])) for each in evaluations}
    if len(facts) == 1:
        return titled('The run', *facts.values())
    return titled('The models', *(folded(name, rows) for name, rows in facts.items()))


def _overview(comparisons: Sequence[Comparison]) -> str:
    columns = headlines(comparisons)
    labels = {headline_name(each): each.name for each in comparisons}
    return titled('Overview', result_html(overview(comparisons)), bars(columns, len(columns), labels, 'in %'))


def _benchmark(comparison: Comparison) -> str:
    first, *_ = comparison.models.values()
    short = len(comparison.main) < len(comparison.metrics)
    every = result_html(comparison.table(comparison.metrics)) if short else ''
    return titled(
        comparison.name,
        paragraphs(first.about),
        boxed('facts', table([[], *map(list, first.protocol.items())])),
        paragraphs(differences(comparison)),
        result_html(comparison.table(comparison.main)),
        paragraphs(_source(comparison)),
        *metric_plots(comparison),
        folded(f'All {len(comparison.metrics)} metrics', every) if short else '',
    )


def differences(comparison: Comparison) -> str:
    """What differs from the evaluation of the first model, a paragraph each; '' if nothing does."""
    (first, outcome), *others = comparison.models.items()
    return '\n\n'.join(
        f'Compare with care: {title} has {key} {other.protocol.get(key, "unknown")}, {first} has {value}.'
        for title, other in others
        for key, value in outcome.protocol.items()
        if other.protocol.get(key) != value
    )


def _source(comparison: Comparison) -> str:
    if not comparison.papers:
        return ''
    sources = dict.fromkeys(each.source for each in comparison.models.values() if each.source)
    return f'Figures of papers: {"; ".join(sources) or "the config names no source"}.'
