"""Section on LayerMem, the memorisation in each layer of the network (arXiv 2409.19069)."""

from collections.abc import Mapping, Sequence

from sslreg.memorization.image_scores import ImageScores
from sslreg.memorization.score_statistics import MeanStd, mean_and_std, to_json
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.summary import LayerMem, summarize_layermem
from sslreg.memorization.table_rows import layermem_rows, plus_minus
from sslreg.reports.page import Block, Image, Section, Table
from sslreg.reports.plots import Line, Panel, level, line_panels

from .style import BLUE, GREY, VERMILION, PngPath

NUM_ENDS = 50  # most and least memorised candidates, as in the paper
END_COLOURS = dict(most=VERMILION, all=GREY, least=BLUE)


def layer_section(study: ScoredStudy, png: PngPath) -> Section | None:
    """Draw and tabulate LayerMem and Delta-LayerMem; None if only one layer was scored."""
    if len(study.scores.layers) == 1:
        return None
    layermem, ends = summarize_layermem(study.scores), end_means(study.scores)
    number = _number(study.scores)
    path = png('layers')
    line_panels(path, _panels(layermem, ends, number), size=(8.3, 3.0))
    text = (
        "LayerMem is the mean of SSLMem' over the candidates, Delta-LayerMem its increase over the layer before. "
        f'Layers are in the order in which the network runs them. The {number} most and least memorised candidates are '
        'selected in each layer, so their curves differ by construction.'
    )
    if len(study.scores.seeds) > 1:
        text += f' Bands and ± are the standard deviation of {len(study.scores.seeds)} seeds.'
    headings, *rows = layermem_rows(layermem)
    rows = [[*row, *(plus_minus(values[row[0]]) for values in ends.values())] for row in rows]
    rows = [[*headings, *(f'{number} {end}' for end in ends)], *rows]
    curves: dict[str, Mapping[str, MeanStd]] = dict(all=layermem, **ends)
    found = {end: {layer: to_json(each) for layer, each in values.items()} for end, values in curves.items()}
    content: list[Block] = [Image.read(path, 'LayerMem of the layers'), text, Table(rows)]
    return Section('Through the layers', content, figures=dict(layermem=found, layermem_ends=number))


def end_means(scores: ImageScores) -> dict[str, dict[str, MeanStd]]:
    """Return the mean SSLMem' over seeds of the ``most`` and ``least`` memorised candidates, by layer.

    These candidates are chosen in each layer by the mean over seeds.
    """
    values = scores.relative[..., scores.among('candidate')]  # [S, L, M]
    order = values.mean(dim=0).argsort(dim=-1, descending=True, stable=True)
    number = _number(scores)
    ends = dict(most=order[:, :number], least=order[:, -number:])
    by_seed = {end: values.gather(2, places.expand(len(values), -1, -1)).mean(dim=2) for end, places in ends.items()}
    return {
        end: {layer: mean_and_std(each[:, place]) for place, layer in enumerate(scores.layers)}
        for end, each in by_seed.items()
    }


def _number(scores: ImageScores) -> int:
    """Return the number of candidates at each end."""
    return min(NUM_ENDS, len(scores.among('candidate')) // 2)


def _panels(layermem: Mapping[str, LayerMem], ends: Mapping[str, Mapping[str, MeanStd]], number: int) -> list[Panel]:
    """Draw LayerMem as curves and Delta-LayerMem as bars."""
    names = list(layermem)
    found: dict[str, Mapping[str, MeanStd]] = dict(all=layermem, **ends)
    labels = dict(most=f'{number} most memorised', all='all candidates', least=f'{number} least memorised')
    lines = [layer_line(found[end], label, END_COLOURS[end]) for end, label in labels.items()]
    bar = dict(color=GREY, linewidth=9, solid_capstyle='butt')
    deltas = [each.delta for each in layermem.values() if each.delta is not None]
    steps = [Line([x, x], [0, delta], '', bar) for x, delta in enumerate(deltas, start=1)]
    return [layer_panel(names, lines, 'LayerMem'), layer_panel(names, steps, 'Delta-LayerMem')]


def layer_panel(names: Sequence[str], lines: Sequence[Line], label: str) -> Panel:
    """Put lines over the layers on axes with a line at 0 and the legend above."""
    ticks = list(range(len(names)))
    zero = level(ticks, 0, '', color='#444', linewidth=0.8, linestyle='-')
    axes = dict(xticks=ticks, xticklabels=names, xlim=(-0.3, len(names) - 0.7))
    legend = dict(loc='lower left', bbox_to_anchor=(0, 1), ncols=4)
    return Panel([zero, *lines], '', label, axes=axes, legend=legend)


def layer_line(found: Mapping[str, MeanStd], label: str, colour: str) -> Line:
    """Draw one point per layer, with a band of standard deviations if there are any."""
    means, deviations = [each.mean for each in found.values()], [each.std for each in found.values()]
    std = [each for each in deviations if each is not None] or None  # all have one, or none
    style = dict(color=colour, linewidth=2, marker='o', markersize=4)
    return Line(list(range(len(means))), means, label, style, std)
