import pytest

from sslreg.memorization import Study
from sslreg.memorization.image_sets import augmentation, has_views, training_images
from tests.memorization import toy_study


def test_extra_images_come_from_the_whole_test_set(tmp_path):
    """Not from as many as the training set is cut to."""
    cfg = toy_study.config()
    cfg.train_dataloader.dataset.dataset.indices = 5
    split_file = toy_study.split(tmp_path, shared=[0, 1], candidate=[2], independent=[3], extra=[7])
    assert len(Study(cfg, split_file).images('extra').views(2)) == 1


def test_sets_of_a_split_and_whole_sets(tmp_path):
    study = Study(toy_study.config(), toy_study.split(tmp_path))
    assert [len(study.images(name).files()) for name in ('shared', 'candidate', 'extra', 'train', 'test')] == [
        *(24, 8, 4),
        *(40, 8),
    ]
    assert len(study.images('candidate').labels()) == 8
    with pytest.raises(ValueError, match="set 'all' must be one of shared, candidate, independent, extra, train, test"):
        study.images('all')


def test_a_config_that_is_narrowed_to_f_still_knows_all_images(tmp_path):
    study = Study(toy_study.config(), toy_study.split(tmp_path))
    of_f = Study(study.encoder_config('f', 0), study.split_file)
    assert len(of_f.images('independent').views(2)) == 8


def test_what_makes_views_of_an_image():
    cfg = toy_study.config()
    assert has_views(cfg)
    assert augmentation(cfg)[0].size == 8
    cfg.train_dataloader.dataset = dict(type='ToyDataset', length=40, pipeline=[dict(type='PackInputs')])
    assert not has_views(cfg)
    assert augmentation(cfg) == [dict(type='PackInputs')]
    assert training_images(cfg) == dict(type='ToyDataset', length=40)
