"""Where in the network the candidates are memorised: LayerMem (arXiv 2409.19069)."""

from collections.abc import Sequence
from typing import Any

from sslreg.memorization.image_scores import Scores
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.statistics import mean_and_std
from sslreg.memorization.summary import layer_summary
from sslreg.memorization.tables import plus_minus
from sslreg.reports.page import boxed, paragraphs, picture, table
from sslreg.reports.plots import Line, Panel, level, line_panels

from .style import BLUE, GREY, VERMILION, Part, Png

ENDS = 50  # most and least memorised candidates, as in the paper
COLOURS = dict(most=VERMILION, all=GREY, least=BLUE)


def layers(study: ScoredStudy, png: Png) -> Part | None:
    """LayerMem of all candidates and of both ends, with Delta-LayerMem; of one layer nothing."""
    if len(study.scores.layers) == 1:
        return None
    found, number = curves(study.scores), _number(study.scores)
    path = png('layers')
    line_panels(path, _panels(found, number), size=(8.3, 3.0))
    text = (
        "LayerMem is the mean of SSLMem' over the candidates, Delta-LayerMem by how much it exceeds that of the layer "
        f'before, in the order in which the network runs the layers. The {number} most and least memorised candidates '
        'are those of each layer itself, so that these curves lie apart by choice.'
    )
    if len(study.scores.seeds) > 1:
        text += f' Bands and ± are the standard deviation of {len(study.scores.seeds)} seeds.'
    rows = [['layer', 'LayerMem', 'Delta-LayerMem', f'{number} most', f'{number} least']]
    for layer, each in found['all'].items():
        delta = f'{each["delta"]:+.4f}' if 'delta' in each else ''
        rows.append(
            [layer, plus_minus(each), delta, plus_minus(found['most'][layer]), plus_minus(found['least'][layer])]
        )
    body = picture(path, 'LayerMem of the layers') + paragraphs(text) + boxed('results', table(rows))
    return Part('Through the layers', body, dict(layermem=found, layermem_ends=number))


def curves(scores: Scores) -> dict[str, dict[str, Any]]:
    """Mean and, of several seeds, standard deviation by layer: of ``all`` candidates, and of those at both ends.

    The ends are chosen in each layer by the mean over seeds.
    """
    values = scores.relative[..., scores.among('candidate')]  # [S, L, M]
    order = values.mean(dim=0).argsort(dim=-1, descending=True, stable=True)
    number = _number(scores)
    ends = dict(most=order[:, :number], least=order[:, -number:])
    by_seed = {end: values.gather(2, of.expand(len(values), -1, -1)).mean(dim=2) for end, of in ends.items()}
    return dict(all=layer_summary(scores)) | {
        end: {layer: mean_and_std(each[:, place]) for place, layer in enumerate(scores.layers)}
        for end, each in by_seed.items()
    }


def _number(scores: Scores) -> int:
    return min(ENDS, len(scores.among('candidate')) // 2)


def _panels(found: dict[str, dict[str, Any]], number: int) -> list[Panel]:
    names = list(found['all'])
    labels = dict(most=f'{number} most memorised', all='all candidates', least=f'{number} least memorised')
    lines = [curve(found[end], label, COLOURS[end]) for end, label in labels.items()]
    bar = dict(color=GREY, linewidth=9, solid_capstyle='butt')
    deltas = [found['all'][name]['delta'] for name in names[1:]]
    steps = [Line([x, x], [0, delta], '', bar) for x, delta in enumerate(deltas, start=1)]
    return [layer_panel(names, lines, 'LayerMem'), layer_panel(names, steps, 'Delta-LayerMem')]


def layer_panel(names: Sequence[str], lines: Sequence[Line], label: str) -> Panel:
    """Lines whose x is the place of a layer, with one at 0; the legend is above."""
    ticks = list(range(len(names)))
    zero = level(ticks, 0, '', color='#444', linewidth=0.8, linestyle='-')
    axes = dict(xticks=ticks, xticklabels=names, xlim=(-0.3, len(names) - 0.7))
    legend = dict(loc='lower left', bbox_to_anchor=(0, 1), ncols=4)
    return Panel([zero, *lines], '', label, axes=axes, legend=legend)


def curve(found: dict[str, dict[str, float]], label: str, colour: str) -> Line:
    """A point for each layer, a band of standard deviations."""
    means = [each['mean'] for each in found.values()]
    std = [each['std'] for each in found.values()] if all('std' in each for each in found.values()) else None
    style = dict(color=colour, linewidth=2, marker='o', markersize=4)
    return Line(list(range(len(means))), means, label, style, std)
