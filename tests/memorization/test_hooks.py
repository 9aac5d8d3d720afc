"""Memorisation scored during training, in real runs of the toy."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.runner import Runner

from sslreg.evaluation.features.store import FeatureStore
from sslreg.evaluation.model import load_model
from sslreg.memorization import Study, scoring, unitmem
from sslreg.memorization.layers import Layers
from sslreg.memorization.measure import activations, shared_out
from tests import toy
from tests.memorization import toy_study


@pytest.fixture
def trained(trained_toys):
    return trained_toys


def train_f(trained, work_dir: Path, *hooks: dict) -> Runner:
    cfg = Study(toy_study.config(), trained[0] / 'split.json').encoder_config('f', seed=0)
    cfg.work_dir = str(work_dir)
    cfg.custom_hooks = [*hooks]
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def sslmem_hook(trained, **options) -> dict:
    return dict(type='SSLMemHook', reference=trained[1].g, split=str(trained[0] / 'split.json'), num_views=3, **options)


def test_candidates_are_scored_during_training_as_by_the_tool(trained, tmp_path):
    runner = train_f(trained, tmp_path, sslmem_hook(trained))
    before = torch.load(trained[1].f, weights_only=True)['state_dict']
    for name, value in toy.state(runner).items():  # the training is what it is without the hook
        assert torch.equal(value, before[name]), name
    protocol, study = scoring.Protocol(3), Study(toy_study.config(), trained[0] / 'split.json')
    pair = scoring.load_pair(study, trained[1], 0, protocol, 'cpu')
    expected = scoring.score_images(study, [pair], protocol, FeatureStore(tmp_path / 'store'), num_workers=0)
    among = expected.among('candidate')
    own = expected.sslmem[0, 0, among]
    with np.load(tmp_path / 'sslmem' / 'epoch_2.npz') as found:
        kept = dict(scores=expected.sslmem, prime=expected.relative, f=expected.of_f, g=expected.of_g)
        for name, values in kept.items():
            np.testing.assert_allclose(found[f'representation/{name}'], values[0, 0, among].numpy(), atol=1e-6)
        assert found['representation/index'].tolist() == [*range(24, 32)]
    hub = runner.message_hub
    means = hub.get_scalar('sslmem/representation/mean').data[0]
    assert len(means) == 2
    assert means[-1] == pytest.approx(float(own.mean()), abs=1e-6)
    assert hub.get_scalar('sslmem/representation/q50').data[0][-1] == pytest.approx(float(own.quantile(0.5)), abs=1e-6)


def test_units_are_scored_every_second_epoch_and_after_the_last(trained, tmp_path):
    cfg = toy_study.config(train_cfg__max_epochs=3)
    cfg.work_dir = str(tmp_path)
    split_file = str(trained[0] / 'split.json')
    hook = dict(type='UnitMemHook', layers=['act'], split=split_file, part='candidate', num_views=2, interval=2)
    hook['rest'] = 'median'
    cfg.model.backbone.type = 'ToyReLU'
    cfg.custom_hooks = [hook]
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert sorted(path.name for path in (tmp_path / 'unitmem').iterdir()) == ['epoch_2.npz', 'epoch_3.npz']
    model = load_model(cfg, str(tmp_path / 'epoch_3.pth'), 'cpu')
    views = Study(cfg, Path(split_file)).images('candidate').views(2)
    rows = activations(Layers(model, ['act']), shared_out(views, 3), model.data_preprocessor)['act']
    with np.load(tmp_path / 'unitmem' / 'epoch_3.npz') as found:
        np.testing.assert_allclose(found['act/scores'], unitmem(rows, 'median').numpy(), atol=1e-5)
        assert found['act/most'].tolist() == rows.argmax(dim=0).tolist()
    assert len(runner.message_hub.get_scalar('unitmem/act/mean').data[0]) == 2


def test_a_reference_of_another_architecture(trained, tmp_path):
    reference = tmp_path / 'elsewhere' / 'linear.pth'
    reference.parent.mkdir()
    torch.save(torch.nn.Linear(2, 2).state_dict(), reference)
    with pytest.raises(ValueError, match=r'linear.pth\' is not of the architecture that is trained: .* missing'):
        train_f(trained, tmp_path, sslmem_hook(trained) | dict(reference=str(reference)))


def test_a_training_that_never_sees_the_candidates(trained, tmp_path):
    cfg = Study(toy_study.config(), trained[0] / 'split.json').encoder_config('g', seed=0)
    cfg.work_dir = str(tmp_path)
    cfg.custom_hooks = [sslmem_hook(trained)]
    with pytest.raises(ValueError, match='f was never trained on 8 of the candidate images'):
        Runner.from_cfg(cfg).train()


def test_a_reference_that_saw_the_candidates(trained, tmp_path):
    with pytest.raises(ValueError, match='g was never trained on 8 of the independent images'):
        train_f(trained, tmp_path, sslmem_hook(trained) | dict(reference=trained[1].f))


def test_an_interval_of_nothing(trained, tmp_path):
    with pytest.raises(ValueError, match='interval=0 must be at least 1'):
        train_f(trained, tmp_path, sslmem_hook(trained, interval=0))
