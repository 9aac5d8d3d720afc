"""A study's configs, splits and trainings, without training."""

import shutil
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch

from sslreg.memorization.class_order import is_sorted_by_class
from sslreg.memorization.commands import train_command
from sslreg.memorization.image_scores import ImageScores
from sslreg.memorization.split import Split, drawn_split, ordered_split
from sslreg.memorization.study import ENCODERS, Checkpoints, Study
from sslreg.registry import DATASETS
from tests.memorization import toy_study


def test_a_split_of_a_config_takes_a_tenth_of_test_images():
    assert [len(part) for part in Study(toy_study.config()).make_split()] == [32, 4, 4, 4]
    cfg = toy_study.config(test_dataloader__dataset__length=3)
    assert [len(part) for part in Study(cfg).make_split(5)] == [32, 4, 4, 3]


CIFAR = ('airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck')


def packed_study(folder, labels, classes) -> Study:
    """A study of 40 packed images with given labels, and of 8 test images."""
    arrays = dict(jpeg=np.zeros(40, np.uint8), offsets=np.arange(41), classes=np.array(classes))
    np.savez(folder / 'a.npz', labels=np.array(labels), **arrays)
    cfg = toy_study.config()
    cfg.train_dataloader.dataset.dataset = dict(type='PackedImages', ann_file=str(folder / 'a.npz'))
    return Study(cfg)


def test_the_split_is_drawn_but_of_cifar_it_is_the_papers(tmp_path):
    mixed, drawn, ordered = [i % 10 for i in range(40)], drawn_split(40, 4, 8, seed=0), ordered_split(40, 4)
    assert packed_study(tmp_path, mixed, CIFAR).make_split() == ordered
    assert packed_study(tmp_path, mixed, CIFAR).make_split(0) == drawn
    assert packed_study(tmp_path, mixed, tuple('abcdefghij')).make_split() == drawn
    assert packed_study(tmp_path, mixed, tuple('abcdefghij')).make_split(in_order=True) == ordered
    assert packed_study(tmp_path, sorted(mixed), CIFAR).make_split() == drawn


def test_images_sorted_by_class_are_not_split_in_their_order(tmp_path):
    study = packed_study(tmp_path, sorted(i % 10 for i in range(40)), CIFAR)
    with pytest.raises(ValueError, match='the 40 training images are sorted by class, .* by --split-seed 0'):
        study.make_split(in_order=True)
    classes = {study_class // 4 for study_class in study.make_split().candidate}
    assert len(classes) > 1


@pytest.mark.parametrize(
    'labels, found',
    [
        ([0, 0, 0, 1, 1, 1, 2, 2, 2], True),
        ([2, 2, 2, 0, 0, 0, 1, 1, 1], True),
        ([0, 1, 2] * 3, False),
        ([1, 0, 0, 1, 0, 1, 1, 1, 0, 0], False),
        ([0, 0, 0], False),
        ([], False),
    ],
)
def test_a_sorted_order_changes_class_rarely(labels, found):
    assert is_sorted_by_class(labels) == found


def test_a_split_of_an_earlier_version_is_kept(tmp_path):
    cfg = toy_study.config()
    ordered_split(40, 8, 0.5).write(tmp_path / 'split.json')
    study = Study(cfg, tmp_path / 'split.json', tmp_path)
    options = dict(split=None, split_seed=None, split_in_order=False)
    for share in (None, 0.5):
        train_command._keep_split(study, Namespace(**options, share=share))
    assert Split.read(tmp_path / 'split.json') == ordered_split(40, 8, 0.5)
    for changed in (dict(share=0.1), dict(share=0.5, split_seed=0)):
        with pytest.raises(ValueError, match='is another split than is asked for'):
            train_command._keep_split(study, Namespace(**options | changed))


def test_an_instance_memory_has_an_entry_for_each_image_of_its_encoder(tmp_path):
    cfg = toy_study.config(model__memory=dict(type='InstanceMemory', length=40, feat_dim=4, _delete_=True))
    for name in ENCODERS:
        own = Study(cfg, toy_study.split(tmp_path)).encoder_config(name, seed=3)
        assert own.model.memory.length == len(DATASETS.build(own.train_dataloader.dataset)) == 32
        assert own.randomness.seed == 3
    assert cfg.model.memory.length == 40


def finish(work_dir: Path) -> None:
    """Leave a last checkpoint, as a training does."""
    work_dir.mkdir(parents=True)
    (work_dir / 'epoch_2.pth').touch()
    (work_dir / 'last_checkpoint').write_text(f'{work_dir}/epoch_2.pth')


@pytest.fixture
def folder(tmp_path):
    """The folder of a study with a config and a split."""
    toy_study.write(tmp_path, toy_study.config())
    toy_study.split(tmp_path)
    return tmp_path


def test_checkpoints_are_those_of_all_seeds_or_of_the_chosen_ones(folder):
    for seed in (10, 2):
        for name in ENCODERS:
            finish(folder / f'seed{seed}' / name)
    (folder / 'seed_of_doubt').mkdir()
    study = Study.open(folder)
    assert study.seeds == [2, 10]
    found = study.checkpoints()
    assert found[2] == Checkpoints(f'{folder}/seed2/f/epoch_2.pth', f'{folder}/seed2/g/epoch_2.pth')
    assert list(found) == [2, 10]
    assert list(study.checkpoints([10])) == [10]


def test_trainings_that_are_not_finished_are_named(folder):
    study = Study.open(folder)
    with pytest.raises(ValueError, match=f'not trained to the end: {folder}; run `sslmem.py train` again'):
        study.checkpoints()
    finish(folder / 'seed0' / 'f')
    with pytest.raises(ValueError, match='not trained to the end: .*/seed0/g; run'):
        study.checkpoints()


def test_options_override_the_config(folder):
    assert Study.open(folder, {'train_cfg.max_epochs': 7}).training('f', 0).checkpoint.name == 'epoch_7.pth'


def test_what_is_no_folder_of_a_study(tmp_path):
    with pytest.raises(FileNotFoundError, match='is no folder of a study: make one by `python tools/sslmem.py train`'):
        Study.open(tmp_path)
    with pytest.raises(ValueError, match='this study has no folder: give one to Study'):
        Study(toy_study.config()).seeds  # noqa: B018


def test_on_another_split_encoders_see_other_images(folder, tmp_path):
    other = toy_study.split(tmp_path / 'other', candidate=[24])
    study = Study.open(folder).on_split(other)
    assert study.split.candidate == [24]
    assert study.encoder_config('f', 0).train_dataloader.dataset.dataset.split == str(other)


def test_scores_are_those_of_the_splits_candidates(tmp_path):
    """Two seeds and two layers of one shared image and two candidates; alignment by f is 0, SSLMem that by g."""
    of_g = torch.tensor([[[9.0, 1, 2], [9, 5, 3]], [[9, 3, 2], [9, 7, 3]]])
    sets = ['shared', 'candidate', 'candidate']
    ImageScores(['a', 'b'], [0, 1], sets, torch.tensor([0, 4, 5]), of_g * 0, of_g).write(tmp_path / 'scores.npz')

    def study(folder, candidates) -> Study:
        split_file = toy_study.split(tmp_path, shared=[0], candidate=candidates, independent=[8])
        return Study(toy_study.config(), split_file, folder)

    assert study(tmp_path, [4, 5]).scores.candidates('a').tolist() == [2, 2]
    assert study(tmp_path, [4, 5]).scores.candidates('b').tolist() == [6, 3]
    with pytest.raises(ValueError, match="layer 'c' was not scored"):
        study(tmp_path, [4, 5]).scores.candidates('c')
    with pytest.raises(ValueError, match='has other candidates than the split: score the study again'):
        study(tmp_path, [4, 6]).scores  # noqa: B018
    with pytest.raises(
        FileNotFoundError, match=f'score the study first, by `python tools/sslmem.py score {tmp_path}/x`'
    ):
        study(tmp_path / 'x', [4, 5]).scores  # noqa: B018


def test_a_study_of_an_earlier_version_is_known_by_its_own_config(tmp_path):
    config = Path(shutil.copy(Path(__file__).parents[1] / 'dumped' / 'study_f.py', tmp_path / 'config.py'))
    (tmp_path / 'seed0' / 'f').mkdir(parents=True)
    (tmp_path / 'seed0' / 'f' / 'epoch_1.pth').touch()
    cfg = train_command._study_config(Namespace(config=str(config), cfg_options=None), tmp_path)
    assert cfg.val_cfg.type == 'sslreg.engine.BenchmarkValLoop'
