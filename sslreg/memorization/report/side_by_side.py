"""Several studies side by side: how much each memorised, and whether they memorised the same images."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from sslreg.memorization import statistics
from sslreg.memorization.comparison import training_images
from sslreg.memorization.consistency import differences
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.split import SPLIT_SETS
from sslreg.memorization.summary import agreement, layer_summary
from sslreg.memorization.tables import AGREEMENT, both, fixed, p_value, plus_minus, row_of_pair
from sslreg.reports.page import boxed, paragraphs, picture, table
from sslreg.reports.plots import Bars, bar_chart, line_panels

from .introduction import verdict
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
    names = [f'{higher} above {lower}' for higher, lower in statistics.ORDER]
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
    found = [_pair(*pair) for pair in combinations(studies, 2)]
    rows = [['studies', 'most memorised', *AGREEMENT]]
    texts = []
    for pair in found:
        name = both(pair['studies'])
        if 'not_comparable' in pair:
            texts.append(f'{name} cannot be compared image by image: {pair["not_comparable"]}.')
        else:
            _, *numbers = row_of_pair(name, pair)
            rows.append([name, str(pair['top']), *numbers])
    if len(rows) > 1:
        texts.insert(
            0,
            'Of the most memorised candidates of each the share that both have, and how alike these are ranked, by '
            'SSLMem, the mean over seeds.',
        )
    body = (boxed('results', table(rows)) if len(rows) > 1 else '') + paragraphs('\n\n'.join(texts))
    return Part('Do they memorise the same images?', body, dict(pairs=found))


def _pair(a: ScoredStudy, b: ScoredStudy) -> dict[str, Any]:
    pair: dict[str, Any] = dict(studies=[a.name, b.name])
    if reason := _difference(a, b):
        return pair | dict(not_comparable=reason)
    return pair | agreement(a.candidates, b.candidates)


def _difference(a: ScoredStudy, b: ScoredStudy) -> str:
    """Why the candidates of two studies are not the same images; '' if they are."""
    if found := differences(training_images(a.cfg), training_images(b.cfg), 'dataset'):
        return f'they are of other data, {", ".join(found)}'
    if a.index != b.index:
        common = len(set(a.index) & set(b.index))
        return f'they are of other splits, with {common} of {len(a.index)} and {len(b.index)} candidates in common'
    return ''


def _bars(studies: Sequence[ScoredStudy]) -> list[Bars]:
    found = [study.summary['sets'] for study in studies]
    return [
        Bars(
            [sets[name]['sslmem_prime']['mean'] if name in sets else float('nan') for sets in found],
            name,
            SETS[name]['color'],
            [sets[name]['sslmem_prime'].get('std', 0) if name in sets else 0 for sets in found],
        )
        for name in SPLIT_SETS
    ]


def _means(study: ScoredStudy) -> list[str]:
    sets = study.summary['sets']
    return [study.name, *(plus_minus(sets[name]['sslmem_prime']) if name in sets else '' for name in SETS)]


def _tests(study: ScoredStudy) -> list[str]:
    found = {(test['higher'], test['lower']): test for test in study.summary['tests']}
    cells = (
        f'{verdict(found[pair])}, d {fixed(found[pair]["effect"], 2)}, p {p_value(found[pair]["p_welch"])}'
        if pair in found
        else ''
        for pair in statistics.ORDER
    )
    return [study.name, *cells]


def _layers(studies: Sequence[ScoredStudy], path: Any) -> None:
    lines = [
        curve(layer_summary(study.scores), study.name, STUDIES[place % len(STUDIES)])
        for place, study in enumerate(studies)
    ]
    line_panels(path, [layer_panel(studies[0].scores.layers, lines, 'LayerMem of the candidates')])
