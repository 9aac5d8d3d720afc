"""Section on LayerMem, the memorisation in each layer of the network (arXiv 2409.19069)."""

from collections.abc import Sequence
from typing import Any

from sslreg.memorization.image_scores import Scores
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.statistics import mean_and_std
from sslreg.memorization.summary import layer_summary
from sslreg.memorization.tables import plus_minus
from sslreg.reports.page import Block, Image, Section, Table
from sslreg.reports.plots import Line, Panel, level, line_panels

from .style import BLUE, GREY, VERMILION, PngPath

MAX_CANDIDATES = 50  # most and least memorised candidates, as in the paper
END_COLOURS = dict(most=VERMILION, all=GREY, least=BLUE)


def layer_section(study: ScoredStudy, png: PngPath) -> Section | None:
    """Draw and tabulate LayerMem and Delta-LayerMem; None if only one layer was scored."""
    if len(study.scores.layers) == 1:
        return None
    found, number = layer_curves(study.scores), _number(study.scores)
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
    content: list[Block] = [Image.read(path, 'LayerMem of the layers'), text, Table(rows)]
    return Section('Through the layers', content, figures=dict(layermem=found, layermem_ends=number))


def layer_curves(scores: Scores) -> dict[str, dict[str, Any]]:
    """Return LayerMem by layer of ``all`` candidates and of the ``most`` and ``least`` memorised ones.

    With several seeds, the standard deviation over seeds is returned, too. The most and least memorised candidates
    are chosen in each layer by the mean over seeds.
    """
    values = scores.relative[..., scores.among('candidate')]  # [S, L, M]
    order = values.mean(dim=0).argsort(dim=-1, descending=True, stable=True)
    number = _number(scores)
    ends = dict(most=order[:, :number], least=order[:, -number:])
    by_seed = {end: values.gather(2, places.expand(len(values), -1, -1)).mean(dim=2) for end, places in ends.items()}
    return dict(all=layer_summary(scores)) | {
        end: {layer: mean_and_std(each[:, place]) for place, layer in enumerate(scores.layers)}
        for end, each in by_seed.items()
    }


def _number(scores: Scores) -> int:
    """Return the number of candidates at each end."""
    return min(MAX_CANDIDATES, len(scores.among('candidate')) // 2)


def _panels(found: dict[str, dict[str, Any]], number: int) -> list[Panel]:
    """Draw LayerMem as curves and Delta-LayerMem as bars."""
    names = list(found['all'])
    labels = dict(most=f'{number} most memorised', all='all candidates', least=f'{number} least memorised')
    lines = [layer_line(found[end], label, END_COLOURS[end]) for end, label in labels.items()]
    bar = dict(color=GREY, linewidth=9, solid_capstyle='butt')
    deltas = [found['all'][name]['delta'] for name in names[1:]]
    steps = [Line([x, x], [0, delta], '', bar) for x, delta in enumerate(deltas, start=1)]
    return [layer_panel(names, lines, 'LayerMem'), layer_panel(names, steps, 'Delta-LayerMem')]


def layer_panel(names: Sequence[str], lines: Sequence[Line], label: str) -> Panel:
    """Put lines over the layers on axes with a line at 0 and the legend above."""
    ticks = list(range(len(names)))
    zero = level(ticks, 0, '', color='#444', linewidth=0.8, linestyle='-')
    axes = dict(xticks=ticks, xticklabels=names, xlim=(-0.3, len(names) - 0.7))
    legend = dict(loc='lower left', bbox_to_anchor=(0, 1), ncols=4)
    return Panel([zero, *lines], '', label, axes=axes, legend=legend)


def layer_line(found: dict[str, dict[str, float]], label: str, colour: str) -> Line:
    """Draw one point per layer, with a band of standard deviations if there are any."""
    means = [each['mean'] for each in found.values()]
    std = [each['std'] for each in found.values()] if all('std' in each for each in found.values()) else None
    style = dict(color=colour, linewidth=2, marker='o', markersize=4)
    return Line(list(range(len(means))), means, label, style, std)
