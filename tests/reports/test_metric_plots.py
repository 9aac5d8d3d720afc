"""Plots fit the kinds of metrics that a benchmark has."""

import numpy as np
import pytest

from sslreg.evaluation.probes import LinearProbe
from sslreg.evaluation.results import Outcome
from sslreg.evaluation.tables import Comparison
from sslreg.reports import metric_plots

PAPERS = {'DINO, ViT-S/16': {'pooled/knn/k10/top1': 62.5, 'medium/mAP': 37.2}}


def comparison(*models, reference=PAPERS):
    """Models by their metrics, ``m0``, ``m1``, ..."""
    return Comparison('b', {f'm{i}': Outcome(metrics, reference=reference) for i, metrics in enumerate(models)})


@pytest.fixture
def panels(monkeypatch):
    """Panels and bars in place of pictures of them."""
    drawn = []
    monkeypatch.setattr(metric_plots, 'line_panels', lambda png, panels, size: drawn.extend(panels))
    monkeypatch.setattr(metric_plots, 'bar_chart', lambda png, groups, series, *_, **__: drawn.append((groups, series)))
    return drawn


def draw(comparison):
    return list(metric_plots.metric_plots(comparison))


def test_neighbours_are_a_curve_over_k_with_a_point_where_a_paper_has_one(panels):
    metrics = {f'pooled/knn/k{k}/{top}': k / 10 for k in (200, 5, 10) for top in ('top1', 'top5')}
    draw(comparison(metrics, {'pooled/knn/k5/top1': 5.0, 'pooled/knn/k5/top1_std': 0.5}))
    (panel,) = panels
    assert [(line.label, line.x, line.y, line.std) for line in panel.lines] == [
        ('m0', [5, 10, 200], [0.5, 1, 20], None),
        ('m1', [5], [5], [0.5]),
        ('DINO, ViT-S/16', [10], [62.5], None),
    ]


def test_a_linear_grid_is_a_panel_for_each_model_and_a_line_for_each_optimizer_and_weight_decay(panels):
    probe = LinearProbe(lrs=(1e-4, 0.1), weight_decays=(0, 1e-6))
    grid = {f'pooled/linear/{head}/top1': head.lr for head in probe.heads}
    papers = dict(DINO={'pooled/linear/best/top1': 77.0})
    chosen = {'pooled/linear/best/top1': 71.0, 'pooled/linear/selected/top1': 70.0}
    draw(comparison(grid | chosen, grid, reference=papers))
    assert [panel.title for panel in panels] == ['m0: pooled/linear', 'm1: pooled/linear']  # and no bars
    first, second = panels
    labels = [f'{optimizer}, weight decay {decay}' for optimizer in ('sgd', 'lars') for decay in ('0', '1e-06')]
    assert [line.label for line in first.lines] == [*labels, 'DINO', 'best', 'selected']
    assert [line.y[0] for line in first.lines[4:]] == [77, 71, 70]
    assert [line.label for line in second.lines] == [*labels, 'DINO']
    assert [(line.x, line.y) for line in second.lines[:4]] == 4 * [([1e-4, 0.1], [1e-4, 0.1])]


@pytest.mark.parametrize(
    'metrics, groups, papers',
    [
        ({'uAP': 1, 'blur/mAP': 2, 'blur/mAP_top20': 3, 'crop/mAP': 4, 'crop/mAP_top20': 5}, ['blur', 'crop'], []),
        (
            {'easy/queries': 7, 'easy/mP@1': 1, 'easy/mAP': 2, 'medium/mAP': 3, 'medium/mP@1': 1},
            ['easy', 'medium'],
            [37.2],
        ),
        ({'J&F': 9, 'cows/J&F': 2, 'dog/J&F': 3}, ['cows', 'dog'], []),
    ],
)
def test_attacks_difficulties_and_clips_are_groups_of_bars(panels, metrics, groups, papers):
    """The measure that papers report is drawn, else the first."""
    draw(comparison(metrics))
    drawn, series = panels[0]
    assert drawn == groups
    measure = 'mAP' if 'J&F' not in metrics else 'J&F'
    assert series[0].values == [metrics[f'{group}/{measure}'] for group in groups]
    assert [value for bars in series[1:] for value in bars.values if not np.isnan(value)] == papers


def test_what_no_curve_shows_is_bars_where_there_is_something_to_compare(panels):
    metrics = {
        'pooled/logistic/lambda1e-05/top1': 1.0,
        'pooled/logistic/lambda1e-05/top5': 2.0,
        'mAP': 3.0,
        'mAP_std': 0.1,
    }
    assert draw(comparison(metrics, reference={})) == []
    assert draw(comparison({'easy/mAP': 1.0}, reference={})) == []
    draw(comparison(metrics, dict(mAP=4.0), reference={}))
    ((groups, (first, second)),) = panels
    assert groups == ['pooled/logistic/lambda1e-05/top1', 'mAP']
    assert first.values == [1, 3]
    assert first.std[1] == 0.1
    assert np.isnan(second.values[0])
    assert second.values[1] == 4


def test_models_are_strong_in_colour_and_papers_pale():
    colours = metric_plots.palette(dict.fromkeys('abcd'), 2)
    assert [metric_plots.MODEL_COLOURS.index(colours[name]) for name in 'ab'] == [0, 1]
    assert [metric_plots.PAPER_COLOURS.index(colours[name]) for name in 'cd'] == [0, 1]
