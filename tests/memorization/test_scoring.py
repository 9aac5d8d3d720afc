"""A toy's encoders f and g, compared on the images of a split."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from sslreg.datasets import collate
from sslreg.evaluation.features.store import FeatureStore, Parts
from sslreg.memorization import Split, Study, scoring
from sslreg.memorization.measure import AlignmentOf
from sslreg.memorization.study import ENCODERS, Checkpoints
from sslreg.memorization.summary import summarize, summarize_layermem
from sslreg.models.adapters import as_encoder
from sslreg.models.ops.alignment import view_alignment
from sslreg.registry import MODELS
from tests.memorization import toy_study

PROTOCOL = scoring.Protocol(num_views=3, layers=('conv', 'representation'))


@pytest.fixture
def trained(trained_toys):
    return trained_toys


def study_of(trained) -> Study:
    return Study(toy_study.config(), trained[0] / 'split.json')


def pair(trained, seed=0, protocol=PROTOCOL):
    return scoring.load_pair(study_of(trained), trained[1], seed, protocol, 'cpu')


def scored(trained, store, pairs=None, protocol=PROTOCOL, batch_size=5):
    pairs = pairs or [pair(trained, protocol=protocol)]
    return scoring.score_images(study_of(trained), pairs, protocol, FeatureStore(store), batch_size, num_workers=0)


def test_scores_are_differences_of_alignment_over_the_same_views(trained, tmp_path):
    scores = scored(trained, tmp_path)
    assert scores.layers == ['conv', 'representation']
    assert scores.sets == ['shared'] * 24 + ['candidate'] * 8 + ['independent'] * 8 + ['extra'] * 4
    assert scores.index.tolist() == [*range(40), *range(4)]
    candidates = study_of(trained).images('candidate').views(3)
    own = pair(trained)
    views = own.f.model.data_preprocessor(collate([candidates[i] for i in range(8)]), False)['inputs']
    with torch.no_grad():
        of_f, of_g = (
            view_alignment(torch.stack([each.model.extract_feat(view) for view in views])) for each in (own.f, own.g)
        )
    torch.testing.assert_close(scores.of_f[0, 1, 24:32], of_f)
    torch.testing.assert_close(scores.sslmem[0, 1, 24:32], of_g - of_f)
    torch.testing.assert_close(scores.relative[0, 1, 24:32], (of_g - of_f) / (of_g + of_f))
    whole = scores.sslmem[0, 1]
    torch.testing.assert_close(scores.ranged[0, 1], whole / (whole.max() - whole.min()))


def test_exchanging_the_checkpoints_turns_the_sign(trained, tmp_path):
    folder, checkpoints = trained
    turned = pair((folder, Checkpoints(f=checkpoints.g, g=checkpoints.f)))
    torch.testing.assert_close(scored(trained, tmp_path, [turned]).sslmem, -scored(trained, tmp_path).sslmem)


def test_an_interrupted_scoring_goes_on(trained, tmp_path, monkeypatch):
    expected = scored(trained, tmp_path / 'whole', batch_size=2)
    monkeypatch.setattr(Parts.__init__, '__defaults__', (0, 2**30))  # a file for each batch
    measure, calls = scoring.alignment_batches, []

    def interrupted(*args):
        for batch in measure(*args):
            calls.append(batch)
            if len(calls) == 15:  # the shared images are done in 12, of the candidates 4 are
                raise KeyboardInterrupt
            yield batch

    monkeypatch.setattr(scoring, 'alignment_batches', interrupted)
    with pytest.raises(KeyboardInterrupt):
        scored(trained, tmp_path / 'part', batch_size=2)
    assert len(calls) == 15
    again = scored(trained, tmp_path / 'part', batch_size=2)
    assert sum(len(indices) for indices, _ in calls[15:]) == 4 + 8 + 4
    torch.testing.assert_close(again.of_f, expected.of_f)
    torch.testing.assert_close(again.of_g, expected.of_g)
    calls.clear()
    scored(trained, tmp_path / 'part')
    assert calls == []


def _rank(rank: int, folder: Path, checkpoints: Checkpoints, store: str) -> torch.Tensor:
    with DefaultScope.overwrite_default_scope('sslreg'):
        scores = scored((folder, checkpoints), Path(store))
        return torch.stack([scores.of_f, scores.of_g])


@pytest.mark.slow
def test_two_ranks_give_the_scores_of_one(trained, tmp_path, run_ranks):
    """Five images at a time of eight: the ranks' batches are others."""
    alone = scored(trained, tmp_path / 'one')
    for found in run_ranks(_rank, *trained, str(tmp_path / 'two')):
        torch.testing.assert_close(found, torch.stack([alone.of_f, alone.of_g]), atol=1e-6, rtol=1e-5)


def test_other_views_are_not_taken_for_those_in_the_store(trained, tmp_path):
    five = scored(trained, tmp_path, protocol=scoring.Protocol(num_views=5))
    three = scored(trained, tmp_path, protocol=scoring.Protocol(num_views=3))
    image = scored(trained, tmp_path, protocol=scoring.Protocol(3, AlignmentOf(against='image')))
    assert (five.of_f - three.of_f).abs().max() > 1e-3
    assert (image.of_f - three.of_f).abs().max() > 1e-3


def test_summary_of_two_seeds(trained, tmp_path):
    own = pair(trained)
    scores = scored(trained, tmp_path, [own, scoring.EncoderPair(1, own.g, own.f)])  # the second is the first, turned
    found = summarize(scores)['representation']
    candidates = scores.sslmem[:, 1, 24:32].mean(dim=1)
    assert candidates[0] == -candidates[1]
    assert found.sets['candidate'].sslmem.mean == pytest.approx(0, abs=1e-7)
    assert found.sets['candidate'].sslmem.std == pytest.approx(float(candidates.std()))
    (seeds,) = found.seeds
    assert (seeds.seeds, seeds.top, seeds.overlap, seeds.chance) == ([0, 1], 2, 0, 0.25)  # of 8 candidates
    assert {(test.higher, test.lower) for test in found.tests} == {
        ('candidate', 'shared'),
        ('candidate', 'extra'),
        ('shared', 'independent'),
        ('extra', 'independent'),
    }


def test_layermem_and_its_delta(trained, tmp_path):
    scores = scored(trained, tmp_path)
    found = summarize_layermem(scores)
    means = scores.relative[0, :, 24:32].mean(dim=1)
    assert [found[name].mean for name in ('conv', 'representation')] == pytest.approx(means.tolist())
    assert found['representation'].delta == pytest.approx(float(means[1] - means[0]))
    assert found['conv'].delta is None


def test_written_scores_name_each_image(trained, tmp_path):
    scores = scored(trained, tmp_path)
    scores.write(tmp_path / 'new' / 'scores.npz')
    with np.load(tmp_path / 'new' / 'scores.npz') as found:
        assert found['set'][30] == 'candidate'
        assert found['index'][30] == 30
        assert found['layers'].tolist() == scores.layers
        for name, values in (('f', scores.of_f), ('sslmem_prime', scores.relative), ('sslmem_range', scores.ranged)):
            np.testing.assert_array_equal(found[name], values.numpy())


def test_a_checkpoint_of_another_network(trained):
    folder, checkpoints = trained
    cfg = toy_study.config(model__backbone=dict(type='ToyLinear', _delete_=True))
    with pytest.raises(ValueError, match=r'f \(.*epoch_2.pth\) is not of the architecture of the config'):
        scoring.load_pair(Study(cfg, folder / 'split.json'), checkpoints, 0, PROTOCOL, 'cpu')


def test_a_network_that_is_compared_with_itself(trained):
    folder, checkpoints = trained
    with pytest.raises(ValueError, match=r'f/epoch_2.pth and .*f/epoch_2.pth are one network'):
        pair((folder, Checkpoints(checkpoints.f, checkpoints.f)))


def test_pipelines_of_others_are_seeded_by_image(tmp_path):
    """mmpretrain's classifier with its own transforms: the views of an image are the same in any batch."""
    cfg = toy_study.config()
    pipeline = [dict(type='RandomResizedCrop', scale=8), dict(type='ToyNoise'), dict(type='PackInputs')]
    cfg.train_dataloader.dataset = dict(type='ToyDataset', length=40, pipeline=pipeline)
    cfg.model = dict(
        type='ImageClassifier',
        backbone=dict(type='ResNet_CIFAR', depth=18, stem_channels=4, base_channels=4),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(type='LinearClsHead', num_classes=2, in_channels=32),
        data_preprocessor=dict(mean=[127.5] * 3, std=[64.0] * 3),
    )
    models = [MODELS.build(cfg.model).eval() for _ in ENCODERS]
    protocol = scoring.Protocol(3, layers=(r'layer\d', 'representation'))
    layers = [scoring.Layers(as_encoder(model), protocol.layers) for model in models]
    study = Study(cfg, toy_study.split(tmp_path))
    before = np.random.get_state()[1].copy()
    found = [
        scoring.score_images(
            study, [scoring.EncoderPair(0, *layers)], protocol, FeatureStore(tmp_path / str(size)), size, 0
        )
        for size in (3, 40)
    ]
    assert found[0].layers == ['layer1', 'layer2', 'layer3', 'layer4', 'representation']
    torch.testing.assert_close(found[0].of_f, found[1].of_f, atol=1e-5, rtol=1e-4)
    assert (found[0].of_f - found[0].of_g).abs().max() > 1e-3
    assert found[0].of_f.min() > 0
    assert np.array_equal(np.random.get_state()[1], before)
    with pytest.raises(ValueError, match='ToyDataset of the training set has no views'):
        study.images('candidate').views(2, plain=True)


def test_splits_in_which_sets_overlap_are_refused_before_anything_is_built(trained, tmp_path):
    study = Study(toy_study.config(), toy_study.split(tmp_path, candidate=[0, 24]))
    with pytest.raises(ValueError, match='image 0 is in two of shared, candidate, independent'):
        scoring.load_pair(study, trained[1], 0, PROTOCOL, 'cpu')
    assert Split.read(toy_study.split(tmp_path)).candidate == [*range(24, 32)]
