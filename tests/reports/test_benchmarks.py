"""The page on what benchmarks found."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from sslreg.evaluation.probes import LinearProbe
from sslreg.evaluation.results import Evaluation, Outcome
from sslreg.evaluation.tables import Comparison, ResultTable
from sslreg.reports import metric_plots, write_benchmarks
from sslreg.reports.benchmarks import differences

from .test_html import Text

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
    """Of what is measured that which papers report, else the first."""
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


def evaluation(title, value, **protocol):
    metrics = {'mAP': value, 'easy/mAP': value, 'hard/mAP': value} | {f'x/k{k}/top1': value for k in (1, 5)}
    outcome = Outcome(metrics, 'What <it> is.', dict(data='4 images') | protocol, dict(DINO=dict(mAP=3.0)), 'a poster')
    return Evaluation(title, dict(date='2026-01-02', checkpoint='a.pth'), dict(retrieval=outcome))


def test_the_page_is_one_file_that_says_what_was_run_and_marks_the_best(tmp_path):
    write_benchmarks([evaluation('ours', 10.0)], tmp_path / 'report.html', 'Benchmarks')
    assert [file.name for file in tmp_path.iterdir()] == ['report.html']
    page = Text(markup := (tmp_path / 'report.html').read_text(encoding='utf-8'))
    text = ''.join(page.text)
    for part in ('Benchmarks', '2026-01-02', 'a.pth', 'What <it> is.', '4 images', 'Figures of papers: a poster'):
        assert part in text
    assert '<td class="best">10.00</td><td>3.00</td>' in markup
    sources = [attributes['src'] for tag, attributes in page.tags if tag == 'img']
    assert len(sources) == 3
    for source in sources:
        png = base64.b64decode(source.removeprefix('data:image/png;base64,'))
        assert len(Image.open(io.BytesIO(png)).convert('RGB').getcolors(10**6)) > 10


def test_several_models_have_an_overview_and_a_warning_where_they_are_not_comparable(tmp_path):
    models = [evaluation('ours', 10.0), evaluation('floor', 2.0), evaluation('other', 20.0, data='5 images')]
    transfer = ResultTable('Transfer', ['Pets'], {'ours <1>': ['90.10']}, note='A note.')
    write_benchmarks(models, tmp_path / 'report.html', 'Compared', [transfer])
    text = ''.join(Text((tmp_path / 'report.html').read_text(encoding='utf-8')).text)
    for part in ('Overview', 'Transfer', 'ours <1>', '90.10', 'A note.'):
        assert part in text
    assert 'Compare with care: other has data 5 images, ours has 4 images.' in text
    assert 'floor has' not in text
    assert differences(Comparison('a', {'ours': models[0].benchmarks['retrieval']})) == ''


def test_what_a_short_table_leaves_out_is_folded(tmp_path):
    heads = {f'pooled/linear/{head}/top1': 1.0 for head in LinearProbe().heads}
    model = Evaluation('ours', {}, dict(a=Outcome(heads | {'pooled/linear/selected/top1': 2.0})))
    write_benchmarks([model], tmp_path / 'report.html', '')
    before, after = (tmp_path / 'report.html').read_text().split('<details>')
    assert ('sgd-lr0.1-wd0' in before, 'sgd-lr0.1-wd0' in after) == (False, True)
    assert 'All 53 metrics' in after
