"""Several studies side by side: how much each memorised, and whether they memorised the same images."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from sslreg.memorization.comparison import IncomparableStudies, compare_pair
from sslreg.memorization.score_statistics import CLAIMS, to_json
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.split import SPLIT_SETS
from sslreg.memorization.summary import summarize_layermem
from sslreg.memorization.table_rows import AGREEMENT_HEADINGS, agreement_cells, both, fixed, p_value, relative_cells
from sslreg.reports.page import boxed, paragraphs, picture, table
from sslreg.reports.plots import Bars, bar_chart, line_panels

from .layer_section import curve, layer_panel
from .style import SETS, STUDIES, Part, Png


def side_by_side(studies: Sequence[ScoredStudy], png: Png) -> Part:
    """SSLMem' of the sets, LayerMem and the tests of each study."""
    path = png('comparison')
    bar_chart(path, [study.name for study in studies], _bars(studies), "mean SSLMem'", size=(8.4, 3.2), digits=3)
    body = picture(path, "Mean SSLMem' of the four sets of each study")
    body += boxed('results', table([['', *SETS], *map(_means, studies)]))
    body += paragraphs(
        f"Means of SSLMem' by layer {studies[0].layer}, which may be compared across models and data; ± and the bars' "
        'ends are the standard deviation over seeds, where there are several.'
    )
    names = [f'{higher} above {lower}' for higher, lower in CLAIMS]
    body += boxed('results', table([['', *names], *map(_tests, studies)]))
    body += paragraphs(
        "Whether the claim held, Cohen's d and p of Welch's one-sided test, of SSLMem; d may be compared, differences "
        'of SSLMem may not.'
    )
    if len(studies[0].scores.layers) > 1 and len({tuple(study.scores.layers) for study in studies}) == 1:
        _layers(studies, png('comparison_layers'))
        body += picture(png('comparison_layers'), 'LayerMem of each study')
    return Part('Side by side', body, {})


def agreements(studies: Sequence[ScoredStudy]) -> Part:
    """Overlap and Kendall's tau of the most memorised candidates of each two studies."""
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
            'Of the most memorised candidates of each the share that both have, and how alike these are ranked, by '
            'SSLMem, the mean over seeds.',
        )
    body = (boxed('results', table(rows)) if len(rows) > 1 else '') + paragraphs('\n\n'.join(texts))
    return Part('Do they memorise the same images?', body, dict(pairs=[to_json(pair) for pair in found]))


def _bars(studies: Sequence[ScoredStudy]) -> list[Bars]:
    bars = []
    for name in SPLIT_SETS:
        found = [each.summary.sets[name].sslmem_prime if name in each.summary.sets else None for each in studies]
        means = [each.mean if each else float('nan') for each in found]
        bars.append(Bars(means, name, SETS[name]['color'], [(each.std or 0) if each else 0 for each in found]))
    return bars


def _means(study: ScoredStudy) -> list[str]:
    return [study.name, *relative_cells(study.summary.sets)]


def _tests(study: ScoredStudy) -> list[str]:
    found = {(test.higher, test.lower): test for test in study.summary.tests}
    cells = (
        f'{found[pair].verdict}, d {fixed(found[pair].effect, 2)}, p {p_value(found[pair].p_welch)}'
        if pair in found
        else ''
        for pair in CLAIMS
    )
    return [study.name, *cells]


def _layers(studies: Sequence[ScoredStudy], path: Path) -> None:
    lines = [
        curve(summarize_layermem(study.scores), study.name, STUDIES[place % len(STUDIES)])
        for place, study in enumerate(studies)
    ]
    line_panels(path, [layer_panel(studies[0].scores.layers, lines, 'LayerMem of the candidates')])
