"""Benchmarks compare the same computation, and write what they say."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import DefaultScope

from benchmarks import data, instance, loss, measure, npid_study, scaling, step
from sslreg.models import CorrectedInstanceMemory, InstanceHead, Recall
from sslreg.models.memory_ssl import embed_views
from sslreg.registry import MODELS
from tests import toy  # noqa: F401  registers its backbones


@pytest.mark.parametrize('rows', [None, 'all'])
def test_baseline_and_ours_leave_the_same_bank(rows):
    baseline, ours = instance.case(num_images=4, length=50, feat_dim=8, weight=20.0, rows=rows)
    bank, memory = baseline.args[1], ours.args[1]
    baseline()
    ours()
    torch.testing.assert_close(memory.feats, bank, atol=1e-6, rtol=0)


def test_baseline_has_the_same_gradient():
    queries = F.normalize(torch.randn(4, 8), dim=1)
    bank, indices = F.normalize(torch.randn(50, 8), dim=1), torch.arange(4)
    grad = instance.plain(queries, bank.clone(), indices, 20.0, None)
    head = InstanceHead(instance.TEMP, [dict(type='ReleasedSqrtKLLoss', weight=20.0)])
    ours = queries.clone().requires_grad_()
    head.loss(ours[None], ours[None], Recall(bank, target=indices))['loss'].backward()
    torch.testing.assert_close(grad, ours.grad, atol=1e-6, rtol=1e-5)


def test_released_view_memory_loss_is_ours(monkeypatch):
    """Both draw the partition, which changes nothing in one block; both are in float32 on the CPU."""
    monkeypatch.setattr(loss, 'DEVICE', 'cpu')
    baseline, ours = loss.case(num_images=3, length=40, block=40)
    (value, grad), (expected, expected_grad) = baseline(), ours()
    torch.testing.assert_close(value, expected, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(grad, expected_grad, atol=1e-7, rtol=1e-5)


def test_data_benchmark_makes_as_many_views_on_both_sides():
    for views in (data.MultiCrop, data.ColoredMultiCrop):
        baseline, ours = (case() for case in data.case_multicrop(views(data.MULTICROP), 2))
        assert [view.shape for image in baseline for view in image] == [view.shape for image in ours for view in image]
    baseline, ours = (case() for case in data.case_cifar(5))
    assert [view.shape for view in baseline] == [view.shape for view in ours['inputs'][0]]


def test_data_benchmark_of_the_device_does_on_it_what_a_core_does():
    baseline, ours = (case() for case in data.case_device(2))
    for expected, view in zip(baseline, ours['inputs'], strict=True):
        assert np.abs(view.cpu().numpy() - expected).max() <= 1  # a level where it is blurred


def test_released_pairs_are_compared_block_by_block():
    student, teacher = torch.randn(3, 12), torch.randn(3, 12)
    order = torch.randperm(12).view(2, 6)
    expected = [
        F.cross_entropy(student[:, block], teacher[:, block].softmax(dim=1), reduction='mean') for block in order
    ]
    torch.testing.assert_close(loss.released_pair(student, teacher, order), sum(expected) / 2)


def test_peak_is_that_of_the_call():
    assert measure.peak_mb(lambda: torch.zeros(50_000_000).add_(1)) == pytest.approx(200, abs=20)
    assert measure.peak_mb(lambda: None) < 20


def test_rows_are_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['instance', '--quick', '--rounds', '1', '--json', str(tmp_path / 'rows.json')])
    monkeypatch.setattr(instance, 'SIZES', dict(quick=500, full=1000))
    threads = torch.get_num_threads()
    instance.main()
    torch.set_num_threads(threads)
    rows = json.loads((tmp_path / 'rows.json').read_text())
    assert len(rows) == 4
    assert set(rows[0]) == {'name', 'baseline_seconds', 'seconds', 'ratio', 'baseline_peak_mb', 'peak_mb'}
    assert 'CE + SqrtKL, all rows' in capsys.readouterr().out


def test_scaling_is_tabled(tmp_path, capsys):
    rows = [dict(K=16384, B=1, V=2) | scaling.measure((16384, 1, 2), rounds=1)]
    scaling.report(rows, tmp_path / 'rows.json')
    assert json.loads((tmp_path / 'rows.json').read_text()) == rows
    assert '16,384' in capsys.readouterr().out


TOY_STEP = step.Case('toy', dict(type='ToyLinear'), 8, (8, 8, 8), 4, 32, 32)  # one block, so the partition is nothing


def test_a_step_with_the_released_loss_is_ours():
    """Losses of two steps, and what the first one did to the student and the teacher."""
    baseline, ours = step.pair(TOY_STEP)
    torch.testing.assert_close(baseline(), ours(), rtol=1e-5, atol=0)
    for value, expected in zip(ours.model.parameters(), baseline.model.parameters(), strict=True):
        assert (value - expected).abs().mean() < 1e-7  # of a first step of 1e-4 for every weight
    torch.testing.assert_close(baseline(), ours(), rtol=1e-4, atol=0)
    assert ours.model.memory.num_updates == 2


def test_the_baseline_of_an_option_is_our_step_without_it():
    vit = replace(step.SMALL_VIT, sizes=(64, 32), num_images=2, length=16, block=16, options=('checkpointing',))
    baseline, ours = step.pair(vit)
    assert 'forward' in vars(ours.model.backbone.layers[0])
    assert 'forward' not in vars(baseline.model.backbone.layers[0])
    torch.testing.assert_close(baseline(), ours(), rtol=1e-5, atol=0)


def test_steps_are_tabled(tmp_path, monkeypatch, capsys):
    file = tmp_path / 'rows.json'
    monkeypatch.setattr(sys, 'argv', ['step', '--rounds', '1', '--json', str(file)])
    monkeypatch.setattr(step, 'CASES', {(step.DEVICE, 'full'): [TOY_STEP, replace(TOY_STEP, gflop=2.0)]})
    monkeypatch.setattr(step, 'PEAK_FLOPS', dict(torch=1e12))
    threads = torch.get_num_threads()
    step.main()
    torch.set_num_threads(threads)
    plain, known = json.loads(file.read_text())
    assert plain['mfu'] is None
    assert known['images_per_s'] == pytest.approx(4 / known['seconds'])
    assert known['mfu'] == pytest.approx(known['images_per_s'] * 2e9 / 1e12)
    assert 'toy, B = 4' in capsys.readouterr().out


STEPS = {case.name: case for cases in step.CASES.values() for case in cases}


@pytest.mark.parametrize('case', STEPS.values(), ids=STEPS)
@torch.no_grad()
def test_every_step_of_the_benchmark_fits_together(case):
    """Its networks embed a view of each size."""
    sizes = dict.fromkeys(case.sizes)
    model = step.build(replace(case, length=8, block=4))
    assert embed_views(model.student, [torch.zeros(2, 3, size, size) for size in sizes]).shape[-1] == step.WIDTH


@pytest.mark.parametrize('options', npid_study.STEPS.values(), ids=npid_study.STEPS)
def test_every_step_of_the_study_builds(options, tmp_path):
    cfg = npid_study.build(options, seed=1, epochs=2, work_dir=tmp_path)
    with DefaultScope.overwrite_default_scope('sslreg'):
        model = MODELS.build(cfg.model)
    corrected = isinstance(model.memory, CorrectedInstanceMemory)
    assert corrected == ('model.memory' not in options)
    assert len(model.head.losses) == (0 if 'model.head.losses' in options else 1)
    assert cfg.model.memory.get('init', 'random') == ('random' if options is npid_study.STEPS['NPID'] else 'network')


def test_study_is_tabled_and_drawn(tmp_path):
    runs = [{'knn/k10': [1.0, 2.0], 'knn/k200': [30.0 + i, 32.0 + i]} for i in range(2)]
    study = dict.fromkeys(npid_study.STEPS, runs)
    npid_study.plot(study, [1, 2], tmp_path / 'study.png')
    assert (tmp_path / 'study.png').stat().st_size > 5000
    table = npid_study.table(study, [1, 2])
    assert next(iter(table.columns[1].cells)) == '30.5 ± 0.7'
