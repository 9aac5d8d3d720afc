"""Sections on the scores of the four sets and on the tests of the paper's claims."""

from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from sslreg.memorization.score_statistics import to_json
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.split import SPLIT_SETS
from sslreg.memorization.summary import SeedAgreement
from sslreg.memorization.table_rows import FORM_HEADINGS, claim_rows, seed_rows, set_rows
from sslreg.reports.page import Block, Image, Section, Table
from sslreg.reports.plots import Line, Panel, line_panels

from .style import SETS, PngPath, over_seeds

BINS = 60


@dataclass(frozen=True)
class Histograms:
    """Histograms of the scores of several sets over common bins.

    Attributes:
        edges: Edges ``[B + 1]`` of the bins.
        shares: Share ``[B]`` of the images of each set.
        means: Mean score of each set.
    """

    edges: list[float]
    shares: dict[str, list[float]]
    means: dict[str, float]


def set_section(study: ScoredStudy, png: PngPath) -> Section:
    """Draw histograms of the four sets and tabulate means and percentiles."""
    values = _by_set(study)
    found = {form: histograms(each) for form, each in values.items()}
    path = png('histograms')
    top = 105 * max(max(shares) for each in found.values() for shares in each.shares.values())
    line_panels(
        path, [_panel(FORM_HEADINGS[form], each, top) for form, each in found.items()], columns=2, size=(4.3, 3.6)
    )
    text = (
        f'Scores of images by layer {study.layer}, {over_seeds(study.scores.seeds)}. Vertical lines are the means '
        "of the sets. SSLMem' is (g - f) / (g + f), which may be compared across layers, models and data. The column "
        '“by range” is SSLMem divided by the range over all images. ± is the standard deviation over seeds; '
        'percentiles are of SSLMem.'
    )
    picture = Image.read(path, 'Histograms of SSLMem of the four sets')
    content: list[Block] = [picture, Table(set_rows(study.summary.sets)), text]
    figures = dict(
        sets=to_json(study.summary)['sets'], histograms={form: to_json(each) for form, each in found.items()}
    )
    return Section('The four sets', content, figures=figures)


def histograms(values: dict[str, Tensor]) -> Histograms:
    """Count scores ``[N]``, by set, over common bins."""
    smallest = min(len(each) for each in values.values())
    edges = np.histogram_bin_edges(np.concatenate([*values.values()]), bins=min(BINS, 4 + smallest // 4))
    shares = {name: (np.histogram(each, edges)[0] / len(each)).tolist() for name, each in values.items()}
    return Histograms(edges.tolist(), shares, {name: float(each.mean()) for name, each in values.items()})


def _by_set(study: ScoredStudy) -> dict[str, dict[str, Tensor]]:
    """Return the scores by form and set, averaged over seeds."""
    scores = study.chosen
    forms = dict(sslmem=scores.sslmem, sslmem_prime=scores.relative)
    present = [name for name in SPLIT_SETS if name in scores.sets]
    return {
        form: {name: of[:, 0, scores.among(name)].mean(dim=0).double() for name in present}
        for form, of in forms.items()
    }


def _panel(label: str, found: Histograms, top: float) -> Panel:
    """Draw the outlines of histograms, with vertical lines up to ``top`` at the means."""
    outlines = [
        Line(
            [found.edges[0], *found.edges],
            [0, *(100 * share for share in shares), 0],
            f'{name}, mean {found.means[name]:.4f}',
            SETS[name] | dict(drawstyle='steps-post'),
        )
        for name, shares in found.shares.items()
    ]
    means = [Line([mean, mean], [0, top], '', SETS[name] | dict(linewidth=1.1)) for name, mean in found.means.items()]
    legend = dict(loc='lower left', bbox_to_anchor=(-0.02, 1), ncols=2, fontsize=8, columnspacing=1)
    low, high = found.edges[0], found.edges[-1]
    ticks = [tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]  # more would overlap
    axes = dict(ylim=(0, top), xticks=ticks)
    return Panel(means + outlines, label, 'images of the set in %', axes=axes, legend=legend)


def claim_section(study: ScoredStudy, png: PngPath) -> Section:
    """Tabulate the tests of the paper's claims and the agreement of seeds."""
    (claim, *names), *rows = claim_rows(study.summary.tests)
    verdicts = [test.verdict for test in study.summary.tests]
    rows = [[claim, held, *numbers] for (claim, *numbers), held in zip(rows, verdicts, strict=True)]
    best = {(row, 0) for row, held in enumerate(verdicts) if held == 'yes'}
    text = (
        "One-sided t-tests over images. The paper uses Student's test, which assumes equal variances; Welch's does "
        "not. A claim holds if p of Welch's test is below 0.05; p near 1 supports the opposite claim. The tests cover "
        'the variation over images, not over trainings; with several seeds, ± above shows that.'
    )
    figures = {key: value for key, value in to_json(study.summary).items() if key != 'sets'}
    content: list[Block] = [Table([[claim, 'held', *names], *rows], best), text]
    if study.summary.seeds:
        content += _seeds(study.summary.seeds)
    return Section('Do the sets differ?', content, figures=figures)


def _seeds(seeds: list[SeedAgreement]) -> list[Block]:
    """Return text and table on the agreement of seeds."""
    text = (
        f'Agreement of two trainings: share of the {seeds[0].top} most memorised candidates that both have in common, '
        "and Kendall's tau of their ranking. “by chance” is what random lists of this length share."
    )
    return [text, Table(seed_rows(seeds))]
