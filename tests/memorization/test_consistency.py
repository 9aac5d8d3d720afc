"""Checks of the trainings of f and g, with the toy's encoders."""

import pytest

from sslreg.memorization import Study, consistency
from tests.memorization import toy_study


def study_of(trained) -> Study:
    return Study(toy_study.config(), trained[0] / 'split.json')


def test_trainings_of_other_architecture_images_or_views_are_named(trained_toys):
    study, trainings = study_of(trained_toys), consistency.saved_configs(trained_toys[1]._asdict())
    assert list(trainings) == ['f', 'g']
    consistency.check_training(trainings, study)
    assert consistency.warn_augmentations(trainings, study) == []
    trainings['g'].model.backbone.drop_rate = 0.5
    with pytest.raises(ValueError, match=r'of different architecture, backbone.drop_rate=0.0 and 0.5'):
        consistency.check_training(trainings, study)
    study.cfg.train_dataloader.dataset.views[0].scale = (0.5, 1)
    assert consistency.warn_augmentations(dict(f=trainings['f']), study) == [
        'f was trained on other augmentations than it is scored on: augmentation[0].scale[0]=0.3 and 0.5'
    ]


@pytest.mark.parametrize(
    'parts, message',
    [
        (dict(candidate=[*range(24, 32), 39], independent=[*range(32, 39)]), r'f was never trained on 1 of the cand'),
        (dict(candidate=[24], independent=[25, 32]), r'f was trained on 1 of the independent .* \(first: 25\)'),
    ],
)
def test_a_split_that_the_encoders_were_not_trained_by(trained_toys, tmp_path, parts, message):
    trainings = consistency.saved_configs(trained_toys[1]._asdict())
    with pytest.raises(ValueError, match=message):
        consistency.check_training(trainings, Study(toy_study.config(), toy_study.split(tmp_path, **parts)))


def test_g_that_was_trained_on_everything(trained_toys):
    with pytest.raises(ValueError, match='g was trained on 8 of the candidate images'):
        consistency.check_training(dict(g=toy_study.config()), study_of(trained_toys))


def test_a_checkpoint_without_a_config_beside_it(tmp_path):
    assert consistency.saved_configs(dict(f=str(tmp_path / 'f.pth'))) == {}
