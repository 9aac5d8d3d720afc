"""Sections on several studies side by side: how much they memorised, and whether they memorised the same images."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from sslreg.memorization.comparison import IncomparableStudies, compare_pair
from sslreg.memorization.score_statistics import CLAIMS, ClaimTest, to_json
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.split import SPLIT_SETS
from sslreg.memorization.summary import summarize_layermem
from sslreg.memorization.table_rows import AGREEMENT_HEADINGS, agreement_cells, both, fixed, p_value, plus_minus
from sslreg.reports.charts import Bars, bar_chart
from sslreg.reports.page import Block, Image, Section, Table
from sslreg.reports.plots import line_panels

from .layer_section import layer_line, layer_panel
from .style import SETS, STUDIES, PngPath


def side_by_side_section(studies: Sequence[ScoredStudy], png: PngPath) -> Section:
    """Draw and tabulate SSLMem' of the sets, the tests and LayerMem of each study."""
    path = png('comparison')
    bar_chart(path, [study.name for study in studies], _bars(studies), "mean SSLMem'", size=(8.4, 3.2), digits=3)
    means = (
        f"Means of SSLMem' by layer {studies[0].layer}, which may be compared across models and data. ± and the error "
        'bars are the standard deviation over seeds, if a study has several.'
    )
    sets = [name for name in SETS if any(name in study.summary.sets for study in studies)]
    claims = [pair for pair in CLAIMS if any(pair in _tests(study) for study in studies)]
    tests = (
        "Whether each claim held, with Cohen's d and p of Welch's one-sided test of SSLMem. d may be compared across "
        'studies, differences of SSLMem may not.'
    )
    content: list[Block] = [
        Image.read(path, "Mean SSLMem' of the four sets of each study"),
        Table([['', *sets], *(_mean_row(study, sets) for study in studies)]),
        means,
        Table([['', *map(' above '.join, claims)], *(_test_row(study, claims) for study in studies)]),
        tests,
    ]
    if len(studies[0].scores.layers) > 1 and len({tuple(study.scores.layers) for study in studies}) == 1:
        _draw_layers(studies, png('comparison_layers'))
        content.append(Image.read(png('comparison_layers'), 'LayerMem of each study'))
    return Section('Side by side', content)


def agreement_section(studies: Sequence[ScoredStudy]) -> Section:
    """Tabulate overlap and Kendall's tau of the most memorised candidates of each two studies."""
    found = [compare_pair(*pair) for pair in combinations(studies, 2)]
    rows = [['studies', 'most memorised', *AGREEMENT_HEADINGS]]
    texts = []
    for pair in found:
        name = both(pair.studies)
        if isinstance(pair, IncomparableStudies):
            texts.append(f'{name} cannot be compared image by image: {pair.not_comparable}.')
        else:
            rows.append([name, str(pair.top), *agreement_cells(pair)])
    if len(rows) > 1:
        texts.insert(
            0,
            "Share of the most memorised candidates that both studies have in common, and Kendall's tau of their "
            'ranking, by SSLMem averaged over seeds. “by chance” is what random lists of this length share.',
        )
    tables = [Table(rows)] if len(rows) > 1 else []
    figures = dict(pairs=[to_json(pair) for pair in found])
    return Section('Do they memorise the same images?', [*tables, *texts], figures=figures)


def _bars(studies: Sequence[ScoredStudy]) -> list[Bars]:
    """Return one bar per set for each study."""
    bars = []
    for name in SPLIT_SETS:
        found = [each.summary.sets[name].sslmem_prime if name in each.summary.sets else None for each in studies]
        means = [each.mean if each else float('nan') for each in found]
        bars.append(Bars(means, name, SETS[name]['color'], [(each.std or 0) if each else 0 for each in found]))
    return bars


def _mean_row(study: ScoredStudy, sets: Sequence[str]) -> list[str]:
    """Return the row of a study in the table of means."""
    found = study.summary.sets
    return [study.name, *(plus_minus(found[name].sslmem_prime) if name in found else '' for name in sets)]


def _tests(study: ScoredStudy) -> dict[tuple[str, str], ClaimTest]:
    """Return the tests of a study by their higher and lower set."""
    return {(test.higher, test.lower): test for test in study.summary.tests}


def _test_row(study: ScoredStudy, claims: Sequence[tuple[str, str]]) -> list[str]:
    """Return the row of a study in the table of tests."""
    found = _tests(study)
    cells = (
        f'{found[pair].verdict}, d {fixed(found[pair].effect, 2)}, p {p_value(found[pair].p_welch)}'
        if pair in found
        else ''
        for pair in claims
    )
    return [study.name, *cells]


def _draw_layers(studies: Sequence[ScoredStudy], path: Path) -> None:
    """Draw LayerMem of each study."""
    lines = [
        layer_line(summarize_layermem(study.scores), study.name, STUDIES[place % len(STUDIES)])
        for place, study in enumerate(studies)
    ]
    line_panels(path, [layer_panel(studies[0].scores.layers, lines, 'LayerMem of the candidates')])
