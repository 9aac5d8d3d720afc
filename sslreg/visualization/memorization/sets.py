"""How the scores of the four sets lie, and whether they differ as the paper claims."""

from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from sslreg.memorization import splits
from sslreg.memorization.tables import plus_minus
from sslreg.visualization.html import boxed, paragraphs, picture, table
from sslreg.visualization.plots import Line, Panel, line_panels

from .lede import verdict
from .look import SETS, Part, Png, fixed, over_seeds, p_value
from .scored import ScoredStudy

FORMS = dict(sslmem='SSLMem', sslmem_prime="SSLMem'")
BINS = 60


def sets(study: ScoredStudy, png: Png) -> Part:
    """Histograms, means and quantiles."""
    values = _by_set(study)
    found = {form: histograms(each) for form, each in values.items()}
    path = png('histograms')
    top = 105 * max(max(shares) for each in found.values() for shares in each['shares'].values())
    line_panels(path, [_panel(FORMS[form], each, top) for form, each in found.items()], columns=2, size=(4.3, 3.6))
    text = (
        f'Scores of images by layer {study.layer}, {over_seeds(study.scores.seeds)}. Upright lines are the means of '
        "the sets. SSLMem' is (g - f) / (g + f), to be compared with other layers, models and data; by range is "
        'SSLMem divided by the range over all images. The deviation behind ± is that of the seeds; percentiles are of '
        'SSLMem.'
    )
    body = picture(path, 'Histograms of SSLMem of the four sets') + boxed('results', table(_rows(study)))
    return Part('The four sets', body + paragraphs(text), dict(sets=study.summary['sets'], histograms=found))


def histograms(values: dict[str, Tensor]) -> dict[str, Any]:
    """``edges [B + 1]`` of bins that are the same for all sets; of each set ``shares [B]`` of its images and ``mean``.

    Args:
        values: Scores ``[N]`` by set.
    """
    smallest = min(len(each) for each in values.values())
    edges = np.histogram_bin_edges(np.concatenate([*values.values()]), bins=min(BINS, 4 + smallest // 4))
    shares = {name: (np.histogram(each, edges)[0] / len(each)).tolist() for name, each in values.items()}
    return dict(edges=edges.tolist(), shares=shares, means={name: float(each.mean()) for name, each in values.items()})


def _by_set(study: ScoredStudy) -> dict[str, dict[str, Tensor]]:
    """Scores by form and set, the mean over seeds of each image."""
    scores = study.chosen
    forms = dict(sslmem=scores.sslmem, sslmem_prime=scores.relative)
    present = [name for name in splits.NAMES if name in scores.sets]
    return {
        form: {name: of[:, 0, scores.among(name)].mean(dim=0).double() for name in present}
        for form, of in forms.items()
    }


def _panel(label: str, found: dict[str, Any], top: float) -> Panel:
    outlines = [
        Line(
            [found['edges'][0], *found['edges']],
            [0, *(100 * share for share in shares), 0],
            f'{name}, mean {found["means"][name]:.4f}',
            SETS[name] | dict(drawstyle='steps-post'),
        )
        for name, shares in found['shares'].items()
    ]
    means = [
        Line([mean, mean], [0, top], '', SETS[name] | dict(linewidth=1.1)) for name, mean in found['means'].items()
    ]
    legend = dict(loc='lower left', bbox_to_anchor=(-0.02, 1), ncols=2, fontsize=8, columnspacing=1)
    low, high = found['edges'][0], found['edges'][-1]
    ticks = [tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]  # more stand in each other
    axes = dict(ylim=(0, top), xticks=ticks)
    return Panel(means + outlines, label, 'images of the set in %', axes=axes, legend=legend)


def _rows(study: ScoredStudy) -> list[list[str]]:
    rows = [['set', 'images', 'SSLMem', 'by range', "SSLMem'", '5 %', '50 %', '95 %']]
    for name, forms in study.summary['sets'].items():
        means = [plus_minus(forms[form]) for form in ('sslmem', 'sslmem_range', 'sslmem_prime')]
        quantiles = [fixed(forms['sslmem']['quantiles'][each]) for each in ('0.05', '0.5', '0.95')]
        rows.append([name, str(forms['sslmem']['num_images']), *means, *quantiles])
    return rows


def tests(study: ScoredStudy, png: Png) -> Part:
    """The paper's claims, and whether the seeds have the same images on top."""
    rows = [['claim', 'held', 'difference', "Cohen's d", 'p, Student', 'p, Welch']]
    for test in study.summary['tests']:
        numbers = [f'{test["difference"]:+.4f}', fixed(test['effect'], 3)]
        p = [p_value(test[name]) for name in ('p_student', 'p_welch')]
        rows.append([f'{test["higher"]} above {test["lower"]}', verdict(test), *numbers, *p])
    held = {(row, 0) for row, test in enumerate(study.summary['tests']) if verdict(test) == 'yes'}
    body = boxed('results', table(rows, held)) + paragraphs(
        'One-sided t-tests over images. Student, with equal variances, is that of the paper; Welch does without this '
        'assumption. A claim held where p of Welch is below 0.05; p near 1 speaks for the opposite. The tests take the '
        'trainings as given; how much other trainings vary is in the ± above, where there are several seeds.'
    )
    figures = dict(tests=study.summary['tests'])
    if seeds := study.summary.get('seeds'):
        body += _seeds(seeds)
        figures['seeds'] = seeds
    return Part('Do the sets differ?', body, figures)


def _seeds(seeds: list[dict[str, Any]]) -> str:
    rows = [['seeds', 'in both', "Kendall's tau", 'p']]
    for each in seeds:
        numbers = (f'{each["overlap"]:.0%}', fixed(each['tau'], 3), p_value(each['p']))
        rows.append([' and '.join(map(str, each['seeds'])), *numbers])
    text = (
        f'How far two trainings memorise the same images: of the {seeds[0]["top"]} most memorised candidates of each '
        'the share that both have, and how alike these are ranked.'
    )
    return paragraphs(text) + boxed('results', table(rows))
